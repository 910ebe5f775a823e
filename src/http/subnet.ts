import { isIP } from "node:net";

/** A block of addresses. */
export interface Subnet {
  readonly address: string;
  readonly prefixLength: number;
  readonly family: "ipv4" | "ipv6";
}

/**
 * Reads CIDR notation (RFC 4632 section 3.1), such as `10.0.0.0/8`, or a single address.
 * @returns undefined where the text is neither, or is IPv4 written as IPv6
 */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || /%|^::ffff:/i.test(address)) {
    return undefined;
  }
  const longest = version === 4 ? 32 : 128;
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= longest)) {
    return undefined;
  }
  const prefixLength = length === undefined ? longest : Number(length);
  return { address, prefixLength, family: version === 4 ? "ipv4" : "ipv6" };
}
