#!/usr/bin/env bash
# Runs a command beside a coturn whose firewall swallows every UDP packet to port 3478, in a network
# of their own: start it with `unshare --net`. Arguments: the coturn's options, `--`, the command.
set -euo pipefail

coturn=()
while [ "$1" != -- ]; do
  coturn+=("$1")
  shift
done
shift

ip link set lo up
nft -f - <<'RULES'
table inet filter {
  chain input {
    type filter hook input priority 0
    udp dport 3478 counter drop
  }
}
RULES

turnserver --listening-ip=127.0.0.1 --listening-port=3478 "${coturn[@]}" >coturn.log 2>&1 &
trap 'kill %1' EXIT
until (: </dev/tcp/127.0.0.1/3478) 2>/dev/null; do
  # Fails, and ends all of this, when coturn has ended.
  kill -0 %1
  sleep 0.05
done

"$@" || status=$?
# What the filter has seen, to prove that it was there.
nft list table inet filter >&2
exit "${status:-0}"
