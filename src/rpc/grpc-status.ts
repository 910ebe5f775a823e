import type { ConnectError } from "@connectrpc/connect";
import * as grpc from "@connectrpc/connect/protocol-grpc";

/**
 * Longer messages are cut: they repeat what the caller has sent. A character takes up to 9 bytes, and
 * Node closes an HTTP/2 connection whose headers are larger than 64 KiB.
 */
const maxMessageChars = 4096;

/** Adds the status of a failed call to its trailers. */
export function addGrpcStatus(trailers: Headers, error: ConnectError): Headers {
  grpc.setTrailerStatus(trailers, error);
  trailers.set("grpc-message", encodeGrpcMessage(error.rawMessage));
  return trailers;
}

/**
 * Writes the message of a status that Connect has written as gRPC's specification says: Connect
 * encodes more, and some clients show that.
 */
export function rewriteGrpcMessage(trailers: Headers): void {
  const encoded = trailers.get("grpc-message");
  if (encoded !== null) {
    trailers.set("grpc-message", encodeGrpcMessage(decodeURIComponent(encoded)));
  }
}

/**
 * Takes the encodings that the server accepts out of the trailers, where Connect puts them, and adds
 * `identity`. They belong into the headers
 * (https://github.com/grpc/grpc/blob/master/doc/compression.md).
 */
export function takeAcceptedEncodings(trailers: Headers): string | undefined {
  const accepted = trailers.get(grpc.headerAcceptEncoding);
  trailers.delete(grpc.headerAcceptEncoding);
  return accepted === null ? undefined : `${accepted},identity`;
}

/**
 * Percent-encodes what is outside of 0x20 to 0x7E, and `%`, as `Percent-Encoded` in
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. Spaces at the ends are encoded too: as
 * part of a header they would be lost.
 */
export function encodeGrpcMessage(message: string): string {
  return message
    .slice(0, maxMessageChars)
    .toWellFormed()
    .replace(/^ +| +$|[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
}
