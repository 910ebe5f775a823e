import { createHash, createHmac, type KeyObject } from "node:crypto";
import { findHolderKey, type Holder } from "../../holder.js";

/** `<10 digits of expiry>:` and the name together; coturn's buffer holds 512 bytes. */
const maxUsernameBytes = 500;
const maxNameBytes = maxUsernameBytes - "1748390400:".length;

/** What coturn refuses in a username, and what shows as nothing or as something else in its log. */
const unsafe = /[\p{C}\p{Z}"'\\]/u;

/**
 * Why TURN servers would refuse a name in a username, or undefined. Found in coturn's source: white
 * space, quotes, backslash, control characters, and "union" together with "select".
 */
export function findTurnNameProblem(name: string): string | undefined {
  if (name === "") {
    return "is empty";
  }
  if (unsafe.test(name)) {
    return "holds white space, a quote, a backslash or an invisible character, which coturn refuses";
  }
  if (soundsLikeSql(name)) {
    return 'holds both "union" and "select", which coturn refuses';
  }
  if (Buffer.byteLength(name) > maxNameBytes) {
    return `is longer than ${maxNameBytes} bytes`;
  }
  return undefined;
}

/**
 * A subject as a name that TURN servers accept. Most stay as they are; what would be refused is
 * percent-encoded (RFC 3986 section 2.1). Different subjects always get different names: `%` is
 * encoded too, so that the two special forms, `%empty` and `%sha256-…`, cannot be imitated.
 */
export function encodeSubject(subject: string): string {
  if (subject === "") {
    return "%empty";
  }
  const encoded = Array.from(subject, (character) =>
    character === "%" || unsafe.test(character) ? percentEncode(character) : character,
  ).join("");
  const name = soundsLikeSql(encoded) ? encoded.replace(/u(?=nion)/gi, percentEncode) : encoded;
  return Buffer.byteLength(name) <= maxNameBytes
    ? name
    : `%sha256-${createHash("sha256").update(subject, "utf16le").digest("hex")}`;
}

/**
 * Makes the function that names holders by a keyed hash: stable for a holder, so that quotas by
 * name work, and meaningless to whoever lacks the key. The name of a holder is remembered for as long
 * as its object lives, which must not change: the hash is a tenth of what a call costs.
 *
 * @param secret the TURN secret; the key is derived from it
 */
export function createPseudonymizer(secret: KeyObject): (holder: Holder) => string {
  const key = createHmac("sha256", secret).update("ice-service pseudonym v1").digest();
  const names = new WeakMap<object, string>();
  return (holder) => {
    let name = names.get(holder);
    if (name === undefined) {
      name = createHmac("sha256", key).update(findHolderKey(holder)).digest("hex").slice(0, 32);
      names.set(holder, name);
    }
    return name;
  };
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
