export interface RequestTarget {
  /** With the characters decoded that {@link decodePath} decodes. */
  readonly path: string;
  /** Without `?`, and as sent: tokens are read raw. */
  readonly query: string;
}

/** The path and the query of a request target, in origin form or in the absolute form that proxies may send. */
export function splitRequestTarget(target: string): RequestTarget {
  const originForm = toOriginForm(target);
  const mark = originForm.indexOf("?");
  return mark === -1
    ? { path: decodePath(originForm), query: "" }
    : { path: decodePath(originForm.slice(0, mark)), query: originForm.slice(mark + 1) };
}

/** RFC 9112 section 3.2.2. A URL without a path means `/` (RFC 9110 section 4.2.3). */
function toOriginForm(target: string): string {
  if (target.startsWith("/")) {
    return target;
  }
  const rest = target.replace(/^https?:\/\/[^/?]*/i, "");
  return rest === "" || rest.startsWith("?") ? `/${rest}` : rest;
}

/** The octets of letters, digits, and `-._~:`, percent-encoded. */
const plainOctet = /%(?:2[DE]|3[0-9A]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/gi;
const strayPercent = /%(?![\dA-F]{2})/i;

/**
 * Decodes, once, the unreserved characters of a path, which means the same either way (RFC 3986
 * section 6.2.2.2), and the colon of custom verbs, which many clients encode. Nothing else is decoded:
 * `%2F` is no separator, and no new percent-encoding comes into being, also not behind a stray `%`.
 */
function decodePath(path: string): string {
  return path.includes("%") && !strayPercent.test(path)
    ? path.replace(plainOctet, (octet) => String.fromCharCode(Number.parseInt(octet.slice(1), 16)))
    : path;
}
