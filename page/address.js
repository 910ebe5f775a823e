/**
 * @param {string} address an IP address, or a name
 * @returns {"IPv4" | "IPv6" | undefined} undefined for a name, such as those that hide host addresses
 */
export function readFamily(address) {
  if (address.includes(":")) {
    return "IPv6";
  }
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) ? "IPv4" : undefined;
}

/**
 * Whether the address means this machine. Browsers treat such servers in ways of their own.
 * @param {string} host
 */
export function isLoopback(host) {
  return /^127\.|^::1$|^localhost$/i.test(host);
}

/**
 * Whether an address is of a private network, this machine, or one link (RFC 1918, RFC 6598, RFC 3927,
 * RFC 4193), so that peers elsewhere cannot reach it.
 * @param {string} address
 */
export function isPrivate(address) {
  return (
    isLoopback(address) ||
    /^(10|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(
      address,
    ) ||
    /^(f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/i.test(address)
  );
}
