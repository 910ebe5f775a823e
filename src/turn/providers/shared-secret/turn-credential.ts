import { createHmac, hash, type KeyObject } from "node:crypto";
import type { TurnCredential } from "../../provider.js";

/** SHA-1 works on blocks of 64 bytes (RFC 3174 section 4). */
const blockBytes = 64;
const digestBytes = 20;
/** In UTF-8, a UTF-16 code unit takes at most three bytes. */
const maxTextUnits = 512;
const maxBytesPerUnit = 3;

/**
 * Issues a credential for a name.
 *
 * @param name not empty; see findTurnNameProblem for what servers refuse
 * @param expiresAtSeconds Unix time in whole seconds
 */
export type CredentialIssuer = (name: string, expiresAtSeconds: number) => TurnCredential;

/**
 * Makes what issues credentials of the TURN REST kind (draft-uberti-behave-turn-rest-00 section 2.2):
 * the username is `<expiry>:<name>`, the password base64(HMAC-SHA1(secret, username)).
 */
export function createCredentialIssuer(secret: KeyObject): CredentialIssuer {
  const sign = createHmacSha1(secret);
  return (name, expiresAtSeconds) => {
    const username = `${expiresAtSeconds}:${name}`;
    return { username, credential: sign(username) };
  };
}

/**
 * Makes a function that computes base64(HMAC-SHA1(key, text)) with the text as UTF-8.
 *
 * Two calls of Node's one-shot hash, as RFC 2104 section 2 defines HMAC, take half the time of
 * `createHmac`, whose native object also burdens each garbage collection. See
 * docs/decisions/credential-hmac.md.
 */
export function createHmacSha1(key: KeyObject): (text: string) => string {
  const block = createKeyBlock(key);
  const inner = Buffer.alloc(blockBytes + maxTextUnits * maxBytesPerUnit);
  const outer = Buffer.alloc(blockBytes + digestBytes);
  for (const [index, byte] of block.entries()) {
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  return (text) => {
    if (text.length > maxTextUnits) {
      return createHmac("sha1", key).update(text).digest("base64");
    }
    const textBytes = inner.write(text, blockBytes);
    // As text: a buffer for the digest would be an allocation outside the heap.
    const digest = hash("sha1", inner.subarray(0, blockBytes + textBytes), "binary");
    outer.write(digest, blockBytes, "latin1");
    return hash("sha1", outer, "base64");
  };
}

/** The key as one block: a longer key is hashed, a shorter one is followed by zeros. */
function createKeyBlock(key: KeyObject): Buffer {
  const bytes = key.export();
  const block = Buffer.alloc(blockBytes);
  (bytes.length > blockBytes ? hash("sha1", bytes, "buffer") : bytes).copy(block);
  return block;
}
