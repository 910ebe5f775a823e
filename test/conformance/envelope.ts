import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";

/** One message as gRPC, gRPC-Web and Connect streams frame it: flags, length, bytes. */
export interface Envelope {
  readonly flags: number;
  readonly bytes: Buffer;
}

export const compressedFlag = 0b0000_0001;
/** Connect: the message is the end of the stream. */
export const endStreamFlag = 0b0000_0010;
/** gRPC-Web: the message holds the trailers. */
export const trailersFlag = 0b1000_0000;

export type Compression = "identity" | "gzip" | "br";

export function compress(bytes: Buffer, compression: Compression): Buffer {
  switch (compression) {
    case "identity":
      return bytes;
    case "gzip":
      return gzipSync(bytes);
    case "br":
      return brotliCompressSync(bytes);
  }
}

/** @param encoding as the peer names it; absent is `identity` */
export function decompress(bytes: Buffer, encoding = "identity"): Buffer {
  switch (encoding) {
    case "identity":
      return bytes;
    case "gzip":
      return gunzipSync(bytes);
    case "br":
      return brotliDecompressSync(bytes);
    default:
      throw new Error(`the answer has the unknown encoding ${encoding}`);
  }
}

export function envelop(bytes: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags, 0);
  prefix.writeUInt32BE(bytes.byteLength, 1);
  return Buffer.concat([prefix, bytes]);
}

/** A message compressed and flagged so; `identity` leaves the flag away. */
export function envelopCompressed(bytes: Buffer, compression: Compression): Buffer {
  return compression === "identity"
    ? envelop(bytes)
    : envelop(compress(bytes, compression), compressedFlag);
}

export function splitEnvelopes(body: Buffer): Envelope[] {
  const envelopes: Envelope[] = [];
  for (let offset = 0; offset < body.length; ) {
    const flags = body.readUInt8(offset);
    const end = offset + 5 + body.readUInt32BE(offset + 1);
    if (end > body.length) {
      throw new Error("the answer ends within a message");
    }
    envelopes.push({ flags, bytes: body.subarray(offset + 5, end) });
    offset = end;
  }
  return envelopes;
}

/** The envelope's bytes, inflated if flagged, which needs an encoding to be declared. */
export function openEnvelope({ flags, bytes }: Envelope, encoding: string | undefined): Buffer {
  if ((flags & compressedFlag) === 0) {
    return bytes;
  }
  if (encoding === undefined || encoding === "identity") {
    throw new Error("the answer has a compressed message but declares no encoding");
  }
  return decompress(bytes, encoding);
}
