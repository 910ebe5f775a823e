import { isIP } from "node:net";
import type { ProblemList } from "./problem-list.js";

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

/** Checks `listen.trustedProxies`; what is wrong with it joins the problems. */
export function checkTrustedProxies(
  texts: readonly string[],
  problems: ProblemList,
  warn: (text: string) => void,
): void {
  const path = ["listen", "trustedProxies"];
  for (const [index, text] of texts.entries()) {
    const subnet = parseSubnet(text);
    if (subnet === undefined) {
      const fix = "Write blocks such as 10.0.0.0/8 and fd00::/8, or single addresses";
      problems.add([...path, index], `${JSON.stringify(text)} is no block of addresses`, fix);
    } else if (subnet.prefixLength === 0) {
      warn(`listen.trustedProxies holds ${text}: every client can choose its own address`);
    }
  }
}
