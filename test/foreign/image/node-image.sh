#!/usr/bin/env bash
# Makes an image that can be the Dockerfile's NODE_IMAGE, without a registry of images: Node and npm,
# the programs that the Dockerfile runs, and the libraries that they need. Node comes from npm's
# registry, all else from this machine, which must be Debian. Usage: node-image.sh MAJOR NAME
set -euo pipefail
major="$1" name="$2"

# As in test/node-versions.sh.
folder="${XDG_CACHE_HOME:-$HOME/.cache}/ice-service/node-$major"
package="node-$(node -p 'process.platform + "-" + process.arch')"
node="$folder/node_modules/$package/bin/node"
if [ ! -x "$node" ]; then
  npm install --silent --no-audit --no-fund --prefix "$folder" "$package@$major"
fi

container=$(buildah from scratch)
root=$(buildah mount "$container")
mkdir -p "$root"/usr/{bin,lib,lib64,local/bin,local/lib/node_modules} "$root"/{etc,dev,proc,sys,root,tmp}
chmod 1777 "$root/tmp"
ln -s usr/bin usr/lib usr/lib64 "$root"
echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
echo root:x:0: >"$root/etc/group"

programs=()
for program in sh chmod cp env ln mkdir rm; do
  programs+=("$(command -v "$program")")
done
mapfile -t libraries < <(
  ldd "$node" "${programs[@]}" | grep -o '/[^ ]*\.so[^ ]*'
  # Whole, as in every image of Debian: what npm installs may load more of them than Node does.
  dpkg --listfiles libc6 libstdc++6 libgcc-s1 | grep '/lib.*\.so'
)
files=("${programs[@]}" "${libraries[@]}")
tar --create --dereference --directory / "${files[@]#/}" |
  tar --extract --keep-directory-symlink --directory "$root"
cp "$node" "$root/usr/local/bin/node"
cp -r "$(npm root --global)/npm" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"

buildah config --env PATH=/usr/local/bin:/usr/bin:/bin "$container"
buildah commit --quiet --format docker --rm "$container" "$name" >/dev/null
