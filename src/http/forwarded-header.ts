/** The headers in which proxies write where a request comes from. */
export const clientAddressHeaders = ["x-forwarded-for", "forwarded"] as const;
export type ClientAddressHeader = (typeof clientAddressHeaders)[number];

/** Of proxies behind one another, and of characters of one entry. */
const maxHops = 32;
const maxEntryChars = 512;

/**
 * The addresses in a header that proxies add to, from the nearest to the farthest, without ports.
 * An entry that holds none, or is malformed, is the empty text. Read from the end, and only as far
 * as somebody asks: what is written before the entries of trusted proxies may be anything.
 *
 * @param header several of the same name joined with a comma
 */
export function* readHops(header: string, name: ClientAddressHeader): Generator<string> {
  const readEntry = name === "forwarded" ? readForwardedFor : (entry: string) => entry;
  let end = header.length;
  for (let hop = 0; hop < maxHops && end >= 0; hop++) {
    const comma = findLastComma(header, end);
    const entry = header.slice(comma + 1, end).trim();
    yield entry.length > maxEntryChars ? "" : readNode(readEntry(entry));
    end = comma;
  }
}

/** The index of the last comma before `end` that is not in quotes, or -1. */
function findLastComma(header: string, end: number): number {
  let isQuoted = false;
  for (let index = end - 1; index >= 0; index--) {
    const char = header[index];
    if (char === '"' && header[index - 1] !== "\\") {
      isQuoted = !isQuoted;
    } else if (char === "," && !isQuoted) {
      return index;
    }
  }
  return -1;
}

/** The `for` of an element of Forwarded (RFC 7239 section 4), or the empty text. */
function readForwardedFor(element: string): string {
  const pair = /([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[^"\\]|\\.)*)")(?:;|$)/gy;
  let found: string | undefined;
  while (pair.lastIndex < element.length) {
    const match = pair.exec(element);
    const [, name = "", token, quoted = ""] = match ?? [];
    const isFor = name.toLowerCase() === "for";
    if (match === null || (isFor && found !== undefined)) {
      return "";
    }
    if (isFor) {
      found = token ?? quoted.replace(/\\(.)/g, "$1");
    }
  }
  return found ?? "";
}

/**
 * The address of a node (RFC 7239 section 6), without brackets and port. X-Forwarded-For has IPv6
 * without brackets as well.
 */
function readNode(text: string): string {
  const [, bracketed, withPort] =
    /^(?:\[([\da-f:.]+)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/i.exec(text) ?? [];
  return bracketed ?? withPort ?? text;
}
