import { crc32 } from "node:zlib";
import { attributeType } from "./attributes.js";
import { appendAttribute, findAttribute, type StunMessage } from "./stun-message.js";

/** "STUN", so that the value differs from a CRC-32 of the application's own. */
const mask = 0x5354554e;

/** Appends FINGERPRINT (RFC 8489 section 14.7), after which nothing may follow. */
export function appendFingerprint(message: Buffer): Buffer {
  const appended = appendAttribute(message, attributeType.fingerprint, Buffer.alloc(4));
  appended.writeUInt32BE(compute(appended.subarray(0, message.length)), message.length + 4);
  return appended;
}

/** Whether FINGERPRINT is as it should be, where the message has one. */
export function hasGoodFingerprint(message: StunMessage): boolean {
  const attribute = findAttribute(message, attributeType.fingerprint);
  if (attribute === undefined) {
    return true;
  }
  const { value, offset } = attribute;
  return (
    offset + 8 === message.bytes.length &&
    value.length === 4 &&
    value.readUInt32BE(0) === compute(message.bytes.subarray(0, offset))
  );
}

function compute(covered: Buffer): number {
  return (crc32(covered) ^ mask) >>> 0;
}
