import { Code, ConnectError } from "@connectrpc/connect";

/** One flag byte and four bytes of length, before each message of gRPC and gRPC-Web. */
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
  const view = new DataView(body.buffer, body.byteOffset, envelopeHeadBytes);
  const length = view.getUint32(1);
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
  return { flags: view.getUint8(0), data: body.subarray(envelopeHeadBytes) };
}

/** Puts messages into envelopes, one behind the other. */
export function sealEnvelopes(messages: readonly Envelope[]): Uint8Array {
  const size = messages.reduce((sum, { data }) => sum + envelopeHeadBytes + data.byteLength, 0);
  const sealed = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const { flags, data } of messages) {
    sealed.writeUInt8(flags, offset);
    sealed.writeUInt32BE(data.byteLength, offset + 1);
    sealed.set(data, offset + envelopeHeadBytes);
    offset += envelopeHeadBytes + data.byteLength;
  }
  return sealed;
}

function incomplete(): ConnectError {
  return new ConnectError("the request message is cut short", Code.InvalidArgument);
}
