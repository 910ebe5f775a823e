import { BlockList } from "node:net";
import type { AddressFamily } from "./attributes.js";
import type { TransportAddress } from "./transport-address.js";

/**
 * The IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890): private networks, loopback,
 * carrier-grade NAT, documentation, and others. From such an address, nobody is outside.
 */
const ranges = {
  ipv4: [
    ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
    ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"],
    ...["192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"],
    ...["198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"],
  ],
  ipv6: [
    ...["::/128", "::1/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64"],
    ...["100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48"],
    ...["3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"],
  ],
} as const;

const ownRanges = {
  ipv4: ["0.0.0.0/8", "127.0.0.0/8"],
  ipv6: ["::/128", "::1/128", "::ffff:127.0.0.0/104"],
} as const;

/** Whether an address is in a special-purpose range. */
export const isSpecialPurpose = listRanges(ranges);

/** Whether an address leads each machine to itself: loopback, or no address at all. */
export const isOwnMachine = listRanges(ownRanges);

// One list for each family: a combined list checks IPv4 addresses against ::ffff:0:0/96 too.
function listRanges(of: Readonly<Record<AddressFamily, readonly string[]>>) {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const family of ["ipv4", "ipv6"] as const) {
    for (const range of of[family]) {
      const [network = "", length] = range.split("/");
      lists[family].addSubnet(network, Number(length), family);
    }
  }
  return ({ address, family }: TransportAddress) => lists[family].check(address, family);
}
