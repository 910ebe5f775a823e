import { Code, ConnectError } from "@connectrpc/connect";

/** One flag byte and four bytes of length, before each message of gRPC, gRPC-Web, and Connect streams. */
export const envelopeHeadBytes = 5;

export interface Envelope {
  readonly flags: number;
  readonly data: Uint8Array;
}

/**
 * Takes the one message of a unary request out of its envelope.
 *
 * @param maxBytes of the message as it was sent
 * @throws ConnectError Unimplemented when there is none or more than one, InvalidArgument when it
 *   is cut short, ResourceExhausted when it is too large
 */
export function openEnvelope(body: Uint8Array, maxBytes: number): Envelope {
  if (body.byteLength === 0) {
    throw new ConnectError("the request message is missing", Code.Unimplemented);
  }
  if (body.byteLength < envelopeHeadBytes) {
    throw incomplete();
  }
  const length = readUint32(body, 1);
  if (length > maxBytes) {
    throw new ConnectError(
      `the message has ${length} bytes, more than ${maxBytes}`,
      Code.ResourceExhausted,
    );
  }
  const end = envelopeHeadBytes + length;
  if (body.byteLength < end) {
    throw incomplete();
  }
  if (body.byteLength > end) {
    throw new ConnectError("there is more than one request message", Code.Unimplemented);
  }
  return { flags: body[0] ?? 0, data: body.subarray(envelopeHeadBytes) };
}

/** Puts a message into an envelope. */
export function sealEnvelope(flags: number, data: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(envelopeHeadBytes + data.byteLength);
  sealed.writeUInt8(flags, 0);
  sealed.writeUInt32BE(data.byteLength, 1);
  sealed.set(data, envelopeHeadBytes);
  return sealed;
}

/** Puts a message into an envelope that is text with one character for each byte. */
export function sealLatin1(flags: number, text: string): Uint8Array {
  const sealed = Buffer.allocUnsafe(envelopeHeadBytes + text.length);
  sealed.writeUInt8(flags, 0);
  sealed.writeUInt32BE(text.length, 1);
  sealed.write(text, envelopeHeadBytes, "latin1");
  return sealed;
}

/** Big-endian. A DataView made for each message would cost more. */
function readUint32(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let index = at; index < at + 4; index += 1) {
    value = value * 256 + (bytes[index] ?? 0);
  }
  return value;
}

function incomplete(): ConnectError {
  return new ConnectError("the request message is cut short", Code.InvalidArgument);
}
