#!/usr/bin/env bash
# Makes a network of hosts with addresses of their own, and says the process id of each host: start it
# with `unshare --net`. It lasts until it is killed, and the hosts end with it.
#
#   servers  11.0.0.10 to .29, 2a00:1:0::10 to ::29   public, the TURN servers
#   outside  11.0.1.2, 2a00:1:1::2                     public
#   home     192.168.7.2                               behind a NAT at 11.0.2.1
#
# The only argument is the file of names (/etc/hosts) of all of them.
set -euo pipefail
names=$1

ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding

host() { # name, the router's addresses, the host's
  local name=$1 router=$2 own=$3 pid address
  setpriv --pdeathsig KILL unshare --net --mount \
    bash -c 'mount --bind "$1" /etc/hosts; exec sleep infinity' bash "$names" &
  pid=$!
  until [ "$(cat "/proc/$pid/comm")" = sleep ]; do
    # Fails, and ends all of this, when it has ended.
    kill -0 "$pid"
    sleep 0.01
  done
  ip link add "$name" type veth peer name eth0 netns "$pid"
  ip link set "$name" up
  nsenter --target "$pid" --net ip link set lo up
  nsenter --target "$pid" --net ip link set eth0 up
  for address in $router; do
    ip address add "$address" dev "$name" $(no_wait "$address")
  done
  for address in $own; do
    nsenter --target "$pid" --net ip address add "$address" dev eth0 $(no_wait "$address")
  done
  for address in $router; do
    nsenter --target "$pid" --net ip route add default via "${address%/*}"
  done
  echo "$name $pid"
}

# Without the search for duplicates, an address is of use at once.
no_wait() {
  case $1 in *:*) echo nodad ;; esac
}

numbered() { # prefix, length
  local number
  for number in {10..29}; do echo "$1$number/$2"; done
}

host servers "11.0.0.1/24 2a00:1:0::1/64" "$(numbered 11.0.0. 24) $(numbered 2a00:1:0:: 64)"
host outside "11.0.1.1/24 2a00:1:1::1/64" "11.0.1.2/24 2a00:1:1::2/64"
host home "192.168.7.1/24" "192.168.7.2/24"
ip address add 11.0.2.1/32 dev lo
nft -f - <<'RULES'
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr 192.168.7.0/24 snat to 11.0.2.1
  }
}
RULES
echo ready
exec sleep infinity
