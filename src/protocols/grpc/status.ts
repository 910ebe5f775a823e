import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";

/** Adds the status of a failed call to its trailers, with the metadata and details of the error. */
export function addGrpcStatus(trailers: Headers, error: ConnectError): Headers {
  setTrailerStatus(trailers, error);
  // Connect encodes more than the specification says, and some clients show that.
  trailers.set("grpc-message", encodeGrpcMessage(error.rawMessage));
  return trailers;
}

/**
 * Percent-encodes what is outside of 0x20 to 0x7E, and `%`, as `Percent-Encoded` in
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. Spaces at the ends are encoded too: as
 * part of a header they would be lost.
 */
export function encodeGrpcMessage(message: string): string {
  return message.toWellFormed().replace(/^ +| +$|[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
}
