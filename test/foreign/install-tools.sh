#!/usr/bin/env bash
# Builds the Go programs of go-tools.txt, and Keycloak, and installs the Python programs of
# python-tools.txt, into the user's cache, once per version. Prints the command that installs what is
# missing. Says nothing when everything is there.
set -euo pipefail

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

command -v go >/dev/null || fail \
  "npm run test:foreign needs Go 1.21 or later, which fetches the version that each program needs." \
  "On Debian 13 or later, this installs it:" \
  "  sudo apt-get update && sudo apt-get install golang-go" \
  "Elsewhere: https://go.dev/doc/install"
for program in javac mvn; do
  command -v "$program" >/dev/null || fail \
    "npm run test:foreign needs a JDK, 17 or later, and Maven. On Debian 12 or later, this installs them:" \
    "  sudo apt-get update && sudo apt-get install default-jdk-headless maven"
done

rust=$(cargo --version 2>/dev/null | cut -d ' ' -f 2) || true
if ! { printf '%s\n' 1.85 "$rust" | sort -VC && command -v cargo-clippy && command -v cargo-fmt; } >/dev/null; then
  fail "npm run test:foreign needs Rust, 1.85 or later, with clippy and rustfmt. On Debian 13 or later, this installs it:" \
    "  sudo apt-get update && sudo apt-get install cargo rust-clippy rustfmt" \
    "Elsewhere: https://rustup.rs"
fi

# Debian's Python makes no environments without ensurepip, which is in python3-venv.
python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || fail \
  "npm run test:foreign needs Python, 3.11 or later, with venv. On Debian 12 or later, this installs it:" \
  "  sudo apt-get update && sudo apt-get install python3-venv"

cache="${XDG_CACHE_HOME:-$HOME/.cache}/ice-service"
while read -r package version; do
  name="${package##*/}"
  if [ ! -x "$cache/go-tools/$name@$version/$name" ]; then
    echo "Building $name $version for the tests" >&2
    GOBIN="$cache/go-tools/$name@$version" nice go install "$package@$version"
  fi
done <"$(dirname "$0")/go-tools.txt"

# Before the tests, because two builds at a time must not fill Maven's repository.
for project in "$(dirname "$0")/../../clients/java" "$(dirname "$0")/webrtc-java"; do
  fetched="$cache/maven-$(sha256sum <"$project/pom.xml" | cut -c 1-16)"
  if [ ! -e "$fetched" ]; then
    echo "Fetching what $project/pom.xml names" >&2
    nice mvn -q -B -f "$project" -Pkotlin org.apache.maven.plugins:maven-dependency-plugin:3.8.1:go-offline >&2
    touch "$fetched"
  fi
done

version=$(<"$(dirname "$0")/keycloak-version.txt")
keycloak="$cache/keycloak-$version"
if [ ! -d "$keycloak" ]; then
  echo "Building Keycloak $version for the tests" >&2
  work="$keycloak.new"
  rm -rf "$work" && mkdir -p "$work"
  artifact="org.keycloak:keycloak-quarkus-dist:$version:zip"
  mvn -q -B dependency:copy -Dartifact="$artifact" -DoutputDirectory="$work" >&2
  (cd "$work" && jar xf ./*.zip && rm ./*.zip && mv keycloak-*/* .)
  nice bash "$work/bin/kc.sh" build --db=dev-mem >/dev/null
  mv "$work" "$keycloak"
fi

while read -r package version; do
  folder="$cache/python-tools/$package@$version"
  if [ ! -x "$folder/bin/$package" ]; then
    echo "Installing $package $version for the tests" >&2
    python3 -m venv "$folder"
    nice "$folder/bin/pip" install --quiet --disable-pip-version-check "$package==$version"
  fi
done <"$(dirname "$0")/python-tools.txt"

# The tests of clients/python: an environment for each version of what they need.
requirements="$(dirname "$0")/../../clients/python/dev-requirements.txt"
digest=$(sha256sum <"$requirements")
folder="$cache/python-client/${digest:0:16}"
if [ ! -e "$folder/complete" ]; then
  echo "Installing what the tests of the Python client need" >&2
  python3 -m venv --clear "$folder"
  nice "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
  touch "$folder/complete"
fi
