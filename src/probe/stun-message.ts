/** A message's class (RFC 8489 section 5), by the two bits that stand for it. */
export const stunClass = { request: 0, indication: 1, success: 2, error: 3 } as const;
export type StunClass = (typeof stunClass)[keyof typeof stunClass];

/** RFC 8489 section 18.2, RFC 8656 section 17. */
export const stunMethod = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  createPermission: 0x008,
} as const;

export interface StunAttribute {
  readonly type: number;
  /** Without padding. */
  readonly value: Uint8Array;
}

/** An attribute as it is in a message. */
export interface ReceivedAttribute extends StunAttribute {
  readonly value: Buffer;
  /** Where its header begins. */
  readonly offset: number;
}

export interface StunMessage {
  readonly method: number;
  readonly class: StunClass;
  /** 12 bytes. */
  readonly transactionId: Buffer;
  /** In the order they stand there; the values are views of `bytes`. */
  readonly attributes: readonly ReceivedAttribute[];
  readonly bytes: Buffer;
}

/** The bytes are no message of RFC 8489 section 5. */
export class MalformedMessageError extends Error {
  override readonly name = "MalformedMessageError";
}

export const headerBytes = 20;
export const transactionIdBytes = 12;
/** Longer answers are refused: four texts of 763 bytes, the most that RFC 8489 allows, fit in. */
export const maxMessageBytes = 4096;

/** RFC 8489 section 5. */
export const magicCookie = Buffer.of(0x21, 0x12, 0xa4, 0x42);
const attributeHeaderBytes = 4;

/** Whether bytes are, or can become, a message: by the first two bits and as much of the cookie as has arrived. */
export function looksLikeStun(bytes: Buffer): boolean {
  const cookie = bytes.subarray(4, 8);
  return (
    bytes.length > 0 &&
    bytes.readUInt8(0) <= 0x3f &&
    cookie.equals(magicCookie.subarray(0, cookie.length))
  );
}

/** What distinguishes the message's transaction from others; shorter where the message is cut off before. */
export function readTransactionId(bytes: Buffer): Buffer {
  return bytes.subarray(headerBytes - transactionIdBytes, headerBytes);
}

/**
 * Encodes a message without MESSAGE-INTEGRITY and FINGERPRINT, which are appended to its bytes.
 * @param method one of {@link stunMethod}
 */
export function encodeMessage(
  method: number,
  messageClass: StunClass,
  transactionId: Uint8Array,
  attributes: readonly StunAttribute[],
): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(encodeType(method, messageClass), 0);
  header.set(magicCookie, 4);
  header.set(transactionId, 8);
  return attributes.reduce<Buffer>(
    (bytes, { type, value }) => appendAttribute(bytes, type, value),
    header,
  );
}

/** The message with one attribute more, zeros as padding, and the length that it has then. */
export function appendAttribute(message: Buffer, type: number, value: Uint8Array): Buffer {
  const attribute = Buffer.alloc(attributeHeaderBytes + padTo4(value.length));
  attribute.writeUInt16BE(type, 0);
  attribute.writeUInt16BE(value.length, 2);
  attribute.set(value, attributeHeaderBytes);
  const appended = Buffer.concat([message, attribute]);
  appended.writeUInt16BE(appended.length - headerBytes, 2);
  return appended;
}

/**
 * Decodes one whole message. Padding may hold anything (RFC 8489 section 14).
 * @throws MalformedMessageError
 */
export function decodeMessage(bytes: Buffer): StunMessage {
  if (bytes.length < headerBytes || bytes.length > maxMessageBytes) {
    throw new MalformedMessageError(`it has ${bytes.length} bytes`);
  }
  if (!looksLikeStun(bytes)) {
    throw new MalformedMessageError("it does not begin as a STUN message does");
  }
  if (bytes.readUInt16BE(2) !== bytes.length - headerBytes || bytes.length % 4 !== 0) {
    throw new MalformedMessageError("its length field does not fit its length");
  }
  return {
    ...decodeType(bytes.readUInt16BE(0)),
    transactionId: readTransactionId(bytes),
    attributes: decodeAttributes(bytes),
    bytes,
  };
}

/** The first attribute of a type; further ones are to be ignored (RFC 8489 section 14). */
export function findAttribute(
  { attributes }: StunMessage,
  wanted: number,
): ReceivedAttribute | undefined {
  return attributes.find(({ type }) => type === wanted);
}

function decodeAttributes(bytes: Buffer): ReceivedAttribute[] {
  const attributes: ReceivedAttribute[] = [];
  let offset = headerBytes;
  while (offset < bytes.length) {
    const valueOffset = offset + attributeHeaderBytes;
    // Everything before is a multiple of four, so the attribute's header is whole.
    const length = bytes.readUInt16BE(offset + 2);
    if (valueOffset + padTo4(length) > bytes.length) {
      throw new MalformedMessageError("an attribute is longer than the message");
    }
    const value = bytes.subarray(valueOffset, valueOffset + length);
    attributes.push({ type: bytes.readUInt16BE(offset), value, offset });
    offset = valueOffset + padTo4(length);
  }
  return attributes;
}

/** The bits of the class stand between those of the method (RFC 8489 figure 3). */
export function encodeType(method: number, messageClass: StunClass): number {
  return (
    ((method & 0xf80) << 2) |
    ((method & 0x070) << 1) |
    (method & 0x00f) |
    ((messageClass & 2) << 7) |
    ((messageClass & 1) << 4)
  );
}

const classes: readonly StunClass[] = [
  stunClass.request,
  stunClass.indication,
  stunClass.success,
  stunClass.error,
];

function decodeType(type: number): { method: number; class: StunClass } {
  const bits = ((type >> 7) & 2) | ((type >> 4) & 1);
  return {
    method: ((type >> 2) & 0xf80) | ((type >> 1) & 0x070) | (type & 0x00f),
    class: classes[bits] ?? stunClass.request,
  };
}

function padTo4(length: number): number {
  return (length + 3) & ~3;
}
