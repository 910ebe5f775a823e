/** A host without brackets, in lower case, with its port where there is one. */
export interface Authority {
  readonly host: string;
  readonly port?: number;
}

/** A name of RFC 1123 (with underscores) or an IPv4 address, or an IPv6 address in brackets. */
const pattern =
  /^(?:\[([\da-f:.]{2,45})\]|((?:[\w-]{1,63}\.){0,126}[\w-]{1,63})\.?)(?::(\d{1,5}))?$/;
const maxLength = 260;

/**
 * Reads what a client says that it wants to reach: the Host header, or `:authority` of HTTP/2.
 * @returns undefined for what cannot be a host: it is anybody's text
 */
export function parseAuthority(text: string): Authority | undefined {
  if (text.length > maxLength) {
    return undefined;
  }
  const [, address, name, port] = pattern.exec(text.toLowerCase()) ?? [];
  const host = address ?? name;
  if (host === undefined) {
    return undefined;
  }
  return port === undefined ? { host } : { host, port: Number(port) };
}
