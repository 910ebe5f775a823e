import { BlockList, isIPv4 } from "node:net";
import { parseSubnet } from "../config/subnet.js";
import type { HttpExchange } from "./http-exchange.js";

/** Finds where a request comes from; undefined when its connection is already gone. */
export type FindClientAddress = (
  exchange: Pick<HttpExchange, "remoteAddress" | "headers">,
) => string | undefined;

/** The address of the connection's other end as it is, with IPv4-mapped IPv6 as IPv4. */
export const findSocketAddress: FindClientAddress = ({ remoteAddress }) =>
  toPlainAddress(remoteAddress);

/** Without zone, and IPv4-mapped IPv6 as IPv4. */
export function toPlainAddress(address: string | undefined): string | undefined {
  if (address === undefined || !address.includes(":")) {
    return address;
  }
  const mark = address.indexOf("%");
  const unzoned = mark === -1 ? address : address.slice(0, mark);
  return unzoned.startsWith("::ffff:") && isIPv4(unzoned.slice(7)) ? unzoned.slice(7) : unzoned;
}

/** Tells whether an address, as {@link toPlainAddress} writes it, lies in one of the blocks. */
export function createTrust(blocks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const block of blocks) {
    const subnet = parseSubnet(block);
    if (subnet === undefined) {
      throw new Error("the configuration has let a malformed block through");
    }
    list.addSubnet(subnet.address, subnet.prefixLength, subnet.family);
  }
  return (address) => list.check(address, address.includes(":") ? "ipv6" : "ipv4");
}
