import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { attributeType } from "./attributes.js";
import { appendAttribute, findAttribute, headerBytes, type StunMessage } from "./stun-message.js";

const hmacBytes = 20;

/**
 * The key of a long-term credential: MD5(username ":" realm ":" password) (RFC 8489 section 9.2.2).
 * The realm is the server's bytes; username and password are taken as they are, being ASCII or
 * already in the form that OpaqueString gives.
 */
export function deriveLongTermKey(username: string, realm: Uint8Array, password: string): Buffer {
  return createHash("md5").update(`${username}:`).update(realm).update(`:${password}`).digest();
}

/** Appends MESSAGE-INTEGRITY (RFC 8489 section 14.5). */
export function appendIntegrity(message: Buffer, key: Uint8Array): Buffer {
  const appended = appendAttribute(
    message,
    attributeType.messageIntegrity,
    Buffer.alloc(hmacBytes),
  );
  // The length that is hashed counts the attribute itself.
  const covered = appended.subarray(0, message.length);
  createHmac("sha1", key)
    .update(covered)
    .digest()
    .copy(appended, appended.length - hmacBytes);
  return appended;
}

export type IntegrityVerdict = "absent" | "valid" | "wrong";

/** Checks MESSAGE-INTEGRITY. Only what stands before it is protected. */
export function checkIntegrity(message: StunMessage, key: Uint8Array): IntegrityVerdict {
  const attribute = findAttribute(message, attributeType.messageIntegrity);
  if (attribute === undefined) {
    return "absent";
  }
  const { value, offset } = attribute;
  const covered = Buffer.from(message.bytes.subarray(0, offset));
  covered.writeUInt16BE(offset + 4 + hmacBytes - headerBytes, 2);
  const expected = createHmac("sha1", key).update(covered).digest();
  return value.length === hmacBytes && timingSafeEqual(value, expected) ? "valid" : "wrong";
}
