import { hash } from "node:crypto";

/** `<10 digits of expiry>:` and the name together; coturn's buffer holds 512 bytes. */
const maxUsernameBytes = 500;
const maxNameBytes = maxUsernameBytes - "1748390400:".length;

/** What coturn rejects in a username, and what its log shows as nothing or as something else. */
const rejected = /[\p{C}\p{Z}"'\\]/u;

/**
 * Why TURN servers would reject a name in a username, or undefined. Found in coturn's source: white
 * space, quotes, backslash, control characters, and "union" together with "select".
 */
export function findTurnNameProblem(name: string): string | undefined {
  if (name === "") {
    return "is empty";
  }
  if (rejected.test(name)) {
    return "contains white space, a quote, a backslash, or an invisible character, which coturn rejects";
  }
  if (soundsLikeSql(name)) {
    return 'contains both "union" and "select", which coturn rejects';
  }
  if (Buffer.byteLength(name) > maxNameBytes) {
    return `is longer than ${maxNameBytes} bytes`;
  }
  return undefined;
}

/**
 * Makes a name that TURN servers accept: `<tag>.<part>`, or `<tag>.<part>/<part>`. Most texts stay as
 * they are. What coturn would reject is percent-encoded (RFC 3986 section 2.1); so are `:`, at which
 * pion cuts names, and `/` within a part. A name that is too long becomes `%sha256-<hex>`. Different
 * parts always get different names: `%` is encoded too, so that nothing can imitate an encoded name.
 *
 * @param tag letters and digits
 */
export function encodeTurnName(tag: string, parts: readonly string[]): string {
  const encoded = parts.map(encodePart).join("/");
  const safe = soundsLikeSql(encoded) ? encoded.replace(/u(?=nion)/gi, percentEncode) : encoded;
  const name = `${tag}.${safe}`;
  return Buffer.byteLength(name) <= maxNameBytes ? name : `%sha256-${hash("sha256", name)}`;
}

function encodePart(part: string): string {
  return Array.from(part, (character) =>
    "%/:".includes(character) || rejected.test(character) ? percentEncode(character) : character,
  ).join("");
}

function soundsLikeSql(name: string): boolean {
  return /union/i.test(name) && /select/i.test(name);
}

/** A lone surrogate has no UTF-8; its code unit is written out instead. */
function percentEncode(character: string): string {
  return character.isWellFormed()
    ? Array.from(Buffer.from(character), toEscape).join("")
    : `%u${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function toEscape(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
