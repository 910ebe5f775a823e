import { expandIpv6 } from "../ip-address.js";

/**
 * The partition of a client's address: an IPv4 address alone, an IPv6 address with its /64, which is
 * what one customer of a network gets at least (RFC 6177).
 *
 * @param address without zone, IPv4-mapped ones as IPv4; undefined where it is not known
 */
export function partitionByAddress(address: string | undefined): string {
  if (address === undefined || !address.includes(":")) {
    return address ?? "unknown";
  }
  return `${expandIpv6(address).slice(0, 4).join(":")}::/64`;
}
