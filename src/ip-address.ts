import { isIP, isIPv4, isIPv6, SocketAddress } from "node:net";

/**
 * The one way to write an IP address (RFC 5952), so that one client has one name; IPv4-mapped IPv6
 * becomes IPv4. Undefined for what is no bare address, such as one with brackets, a port, or a zone.
 */
export function parseIpAddress(text: string): string | undefined {
  if (isIPv4(text)) {
    return text;
  }
  if (!isIPv6(text) || text.includes("%")) {
    return undefined;
  }
  return toPlainAddress(new SocketAddress({ address: text, family: "ipv6" }).address);
}

/** The eight groups of an IPv6 address as Node writes it, without zone: `::` becomes groups of `0`. */
export function expandIpv6(address: string): string[] {
  const [head = "", tail = ""] = address.split("::");
  const before = head.split(":").filter(Boolean);
  const after = tail.split(":").filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  return [...before, ...zeros, ...after];
}

/** An address as Node writes it, without zone, and IPv4-mapped IPv6 as IPv4. */
export function toPlainAddress(address: string | undefined): string | undefined {
  if (address === undefined || !address.includes(":")) {
    return address;
  }
  const mark = address.indexOf("%");
  const unzoned = mark === -1 ? address : address.slice(0, mark);
  return unzoned.startsWith("::ffff:") && isIPv4(unzoned.slice(7)) ? unzoned.slice(7) : unzoned;
}

/** A block of addresses. */
export interface Subnet {
  /** As it was written. */
  readonly text: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly family: "ipv4" | "ipv6";
}

/**
 * Reads CIDR notation (RFC 4632 section 3.1), such as `10.0.0.0/8`, or a single address.
 * @returns undefined where the text is neither
 */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const prefixLength = length === undefined ? longest : Number(length);
  const isLength = length === undefined || (/^\d{1,3}$/.test(length) && prefixLength <= longest);
  return version !== 0 && rest.length === 0 && isLength
    ? { text, address, prefixLength, family: version === 4 ? "ipv4" : "ipv6" }
    : undefined;
}
