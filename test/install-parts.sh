#!/usr/bin/env bash
# Installs the real servers and clients that the tests run, where they are missing: by itself as
# root on Debian, else it prints the command to run. Says nothing when all is there.
# With the argument `foreign`, also what only the tests in test/foreign run.
set -euo pipefail

tests="${1:-}"

PATH="$PATH:/usr/sbin:/sbin"

missing=()

need_program() { # package program
  command -v "$2" >/dev/null || missing+=("$1")
}

need_file() { # package file
  [ -e "$2" ] || missing+=("$1")
}

need_python_module() { # package module
  # Debian's own Python, since another one may come first on the PATH.
  /usr/bin/python3 -c "import $2" 2>/dev/null || missing+=("$1")
}

find_missing() {
  missing=()
  need_program coturn turnserver
  need_program chromium chromium
  need_program firefox-esr firefox-esr
  need_program libnss3-tools certutil
  need_program nginx nginx
  need_file libnginx-mod-stream /usr/lib/nginx/modules/ngx_stream_module.so
  need_program haproxy haproxy
  need_program caddy caddy
  need_program apache2 apache2
  need_program redis-server redis-server
  need_program janus janus
  need_program prometheus promtool
  need_program protobuf-compiler protoc
  need_program protobuf-compiler-grpc grpc_python_plugin
  need_file libprotobuf-dev /usr/include/google/protobuf/timestamp.proto
  need_program squid squid
  need_program curl curl
  need_program openssl openssl
  need_program mmdb-bin mmdblookup
  need_program systemd systemd-analyze
  need_program util-linux setpriv
  need_program iproute2 ip
  need_program nftables nft
  need_program sqlite3 sqlite3
  need_file erlang-p1-stun /usr/lib/erlang/lib/p1_stun-*/ebin/stun.beam
  need_file postgresql /usr/lib/postgresql/*/bin/postgres
  need_python_module python3-grpcio grpc
  need_python_module python3-protobuf google.protobuf
  need_python_module python3-aioice aioice
  need_python_module python3-aiortc aiortc
  need_python_module python3-gi gi
  need_program gstreamer1.0-tools gst-inspect-1.0
  need_file gir1.2-gst-plugins-bad-1.0 /usr/lib/*/girepository-1.0/GstWebRTC-1.0.typelib
  need_file gstreamer1.0-plugins-bad /usr/lib/*/gstreamer-1.0/libgstwebrtc.so
  need_file gstreamer1.0-nice /usr/lib/*/gstreamer-1.0/libgstnice.so
  need_file gstreamer1.0-plugins-base /usr/lib/*/gstreamer-1.0/libgstopus.so
  need_file gstreamer1.0-plugins-good /usr/lib/*/gstreamer-1.0/libgstrtp.so
  need_program simple-whip-client whip-client
  need_program gcc gcc
  need_file libfaketime /usr/lib/*/faketime/libfaketimeMT.so.1
  if [ "$tests" = foreign ]; then
    need_program buildah buildah
    need_program runc runc
  fi
}

find_missing
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi

install=(apt-get install -y --no-install-recommends "${missing[@]}")

if [ "$(id -u)" -ne 0 ] || ! grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then
  echo "The tests need programs that are missing here. On Debian 12 or later, this installs them:" >&2
  echo "  sudo apt-get update && sudo ${install[*]}" >&2
  exit 1
fi

echo "Installing for the tests: ${missing[*]}" >&2
# A runlevel of 1 keeps the packages from starting their servers: the tests start their own.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get -qq -o DPkg::Lock::Timeout=120 update >/dev/null
"${install[@]}" -qq -o DPkg::Lock::Timeout=120 >/dev/null

find_missing
if [ "${#missing[@]}" -ne 0 ]; then
  echo "Still missing after the installation: ${missing[*]}" >&2
  exit 1
fi
