import { isIPv6 } from "node:net";

/** What is wrong where {@link adviseOnBrackets} has advice. */
export const missingBrackets = "has an IPv6 address without brackets (RFC 3986 section 3.2.2)";

/** Scheme, slashes, and user information, each if there is one; then host and port. */
const beforeAuthority = /^(?:[a-z][a-z0-9+.-]*:)?(?:\/\/)?(?:[^/?#]*@)?/i;

/**
 * Finds an IPv6 address without brackets in a URL, or in a host and port.
 *
 * @returns what to write, without user information; undefined where there is no such address
 */
export function adviseOnBrackets(text: string): string | undefined {
  const withoutScheme = text.replace(beforeAuthority, "");
  for (const rest of [text, withoutScheme]) {
    const [authority = ""] = rest.split(/[/?#]/, 1);
    // URLs have no zones.
    const spellings = listSpellings(authority.replace(/%[^:]*/, ""));
    if (spellings.length > 0) {
      return `Put the address in brackets: ${spellings.join(", or ")}`;
    }
  }
  return undefined;
}

/** Two where the last group can be a port, too. */
function listSpellings(authority: string): string[] {
  const [, host = "", port = ""] = /^(.*):(\d{1,5})$/.exec(authority) ?? [];
  const hasPort = isIPv6(host) && Number(port) <= 65535;
  return [
    ...(hasPort ? [`[${host}]:${port}`] : []),
    ...(isIPv6(authority) ? [`[${authority}]`] : []),
  ];
}
