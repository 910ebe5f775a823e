/** Of the header as a whole, and of the names in it. */
const maxBytes = 4096;
const maxNames = 64;

/** A field name (RFC 9110 section 5.6.2), with the white space that a list may have. */
const listedName = /^[ \t]*[\w!#$%&'*+.^`|~-]+[ \t]*$/;

/**
 * The Access-Control-Allow-Headers of a preflight: what it asks for, since pages send headers that no
 * fixed list knows, such as those of tracing libraries. Which headers a page may send protects
 * nothing here: no header but Authorization gives access.
 *
 * @param requested Access-Control-Request-Headers
 * @param fixed the answer where nothing is requested, too much, or what is no list of names
 */
export function allowHeaders(requested: string | null, fixed: string): string {
  if (requested === null || requested.length > maxBytes) {
    return fixed;
  }
  const names = requested.split(",");
  return names.length <= maxNames && names.every((name) => listedName.test(name))
    ? requested
    : fixed;
}
