#!/usr/bin/env bash
# Generates the code of the clients from proto/, as buf.gen.yaml says. Installs the plugins into the user's
# cache, once per version, and prints the command that installs what is missing. Passes its arguments on to
# `buf generate`: with `-o DIR`, the code goes below DIR.
set -euo pipefail
cd "$(dirname "$0")/.."

# It generates for protobuf 6, so the code runs with protobuf 6 and 7.
grpcio_tools=1.80.0

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

{ printf '%s\n' go1.21 "$(go env GOVERSION)" | sort -VC; } 2>/dev/null || fail \
  "npm run generate:clients needs Go 1.21 or later, which fetches the version that each plugin needs." \
  "On Debian 13 or later, this installs it:" \
  "  sudo apt-get update && sudo apt-get install golang-go" \
  "Elsewhere: https://go.dev/doc/install"
python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || fail \
  "npm run generate:clients needs Python, 3.10 or later, with venv. On Debian 12 or later, this installs it:" \
  "  sudo apt-get update && sudo apt-get install python3-venv"

cache="${XDG_CACHE_HOME:-$HOME/.cache}/ice-service"
python="$cache/python-tools/grpcio-tools@$grpcio_tools"
if [ ! -x "$python/bin/python-grpc-tools-protoc" ]; then
  python3 -m venv "$python"
  "$python/bin/pip" install --quiet --disable-pip-version-check "grpcio-tools==$grpcio_tools"
fi

PATH="$python/bin:$PATH" npx --no-install buf generate --template clients/buf.gen.yaml "$@"
