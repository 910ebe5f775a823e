import { BlockList } from "node:net";
import { parseIpAddress, type Subnet, toPlainAddress } from "../ip-address.js";
import type { ClientAddressConfig } from "./client-address-config.js";
import { readHops } from "./forwarded-header.js";
import type { HttpExchange } from "./http-exchange.js";

/** Finds where a request comes from; undefined when its connection is already gone. */
export type FindClientAddress = (
  exchange: Pick<HttpExchange, "remoteAddress" | "headers">,
) => string | undefined;

/** The address of the connection's other end as it is, with IPv4-mapped IPv6 as IPv4. */
export const findSocketAddress: FindClientAddress = ({ remoteAddress }) =>
  toPlainAddress(remoteAddress);

/**
 * Where the connection comes from a trusted proxy, the client is the last address in the header that
 * is no trusted proxy: anybody may have written those before it. Where the header says nothing that
 * can be read there, it is the proxy that wrote it.
 */
export function createClientAddressFinder({
  trustedProxies,
  clientAddressHeader,
}: ClientAddressConfig): FindClientAddress {
  if (trustedProxies.length === 0) {
    return findSocketAddress;
  }
  const isTrusted = createTrust(trustedProxies);
  // Proxies are few, and looking one up costs as much as all the rest here.
  let lastProxy: string | undefined;
  return (exchange) => {
    const peer = findSocketAddress(exchange);
    if (peer === undefined || (peer !== lastProxy && !isTrusted(peer))) {
      return peer;
    }
    lastProxy = peer;
    const header = exchange.headers.find(clientAddressHeader);
    let address = peer;
    for (const hop of header === null ? [] : readHops(header, clientAddressHeader)) {
      const claimed = parseIpAddress(hop);
      if (claimed === undefined) {
        return address;
      }
      address = claimed;
      if (!isTrusted(address)) {
        return address;
      }
    }
    return address;
  };
}

/** Finds whether the other end of a connection is in one of the blocks. */
export function createPeerTrust(blocks: readonly Subnet[]): (peerAddress: string) => boolean {
  const isTrusted = createTrust(blocks);
  return (peerAddress) => isTrusted(toPlainAddress(peerAddress) ?? "");
}

function createTrust(blocks: readonly Subnet[]): (address: string) => boolean {
  const list = new BlockList();
  for (const { address, prefixLength, family } of blocks) {
    list.addSubnet(address, prefixLength, family);
  }
  return (address) => list.check(address, address.includes(":") ? "ipv6" : "ipv4");
}
