import { Code } from "@connectrpc/connect";
import { UnreadableMessageError } from "../../call/error-fault.js";

/** How bytes are written in the bodies of gRPC-Web: as they are, or as base64. */
export interface BodyForm {
  /** Undefined where it depends on the format of the messages. */
  readonly contentType: string | undefined;
  /** How many bytes a body of this many bytes takes at the most. */
  maxEncodedBytes(bytes: number): number;
  /** @throws UnreadableMessageError InvalidArgument when the body is not in this form */
  decode(body: Uint8Array): Uint8Array;
  decodeAll(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  encode(bytes: Uint8Array): Uint8Array;
}

export const binaryForm: BodyForm = {
  contentType: undefined,
  maxEncodedBytes: (bytes) => bytes,
  decode: (body) => body,
  decodeAll: (body) => body,
  encode: (bytes) => bytes,
};

/** `application/grpc-web-text`: base64, where every piece that was written at once has its own padding. */
export const textForm: BodyForm = {
  contentType: "application/grpc-web-text+proto",
  // Padding after each byte would make four of one.
  maxEncodedBytes: (bytes) => 4 * bytes,
  decode: decodeText,
  async *decodeAll(body) {
    let rest: Uint8Array = Buffer.alloc(0);
    for await (const chunk of body) {
      const bytes: Uint8Array = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
      const whole = bytes.byteLength - (bytes.byteLength % 4);
      rest = bytes.subarray(whole);
      yield decodeText(bytes.subarray(0, whole));
    }
    if (rest.byteLength > 0) {
      yield decodeText(rest);
    }
  },
  encode: (bytes) =>
    Buffer.from(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")),
};

const paddedPiece = /[\w+/-]+={0,2}/y;

function decodeText(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const pieces: Uint8Array[] = [];
  for (let offset = 0; offset < text.length; ) {
    paddedPiece.lastIndex = offset;
    const [piece = ""] = paddedPiece.exec(text) ?? [];
    if (piece.length === 0 || piece.length % 4 !== 0) {
      throw new UnreadableMessageError("the body is not base64", Code.InvalidArgument);
    }
    pieces.push(Buffer.from(piece, "base64"));
    offset += piece.length;
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}
