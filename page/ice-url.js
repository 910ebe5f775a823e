/**
 * @typedef {"udp" | "tcp" | "tls"} Transport how the browser reaches the server
 *
 * @typedef {object} IceUrl
 * @property {string} text as the list has it
 * @property {string} host without the brackets of IPv6
 * @property {number} port
 * @property {boolean} isTurn
 * @property {Transport} transport
 */

/**
 * Reads an ICE URL (RFC 7064, RFC 7065). One of another form is taken apart as far as it goes: the
 * browser decides whether it is valid.
 * @param {string} text
 * @returns {IceUrl}
 */
export function readIceUrl(text) {
  const [, scheme = "", host = "", port, transport] =
    /^(\w+):(\[[^\]]*\]|[^:?]*)(?::(\d+))?(?:\?transport=(\w+))?/.exec(text.trim()) ?? [];
  const isSecure = scheme.endsWith("s");
  return {
    text,
    host: host.replace(/^\[|\]$/g, ""),
    port: port === undefined ? (isSecure ? 5349 : 3478) : Number(port),
    isTurn: scheme.startsWith("turn"),
    transport: isSecure ? "tls" : transport?.toLowerCase() === "tcp" ? "tcp" : "udp",
  };
}

/**
 * The STUN server that a TURN server also is, if it listens on UDP at the same port.
 * @param {IceUrl} url
 */
export function toStunUrl({ host, port }) {
  return `stun:${host.includes(":") ? `[${host}]` : host}:${port}`;
}
