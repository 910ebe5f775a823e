import type { ConnectError } from "@connectrpc/connect";
import { grpcStatusOk, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { ResponseMetadata } from "../../call/codec.js";
import { addHeaders, type HttpHeaders } from "../../http/http-message.js";

/** The trailers of a call over gRPC or gRPC-Web: its status, and what the implementation has set. */
export function createTrailers(
  metadata: ResponseMetadata,
  error: ConnectError | undefined,
): HttpHeaders {
  const trailers: HttpHeaders = {};
  if (error === undefined) {
    trailers["grpc-status"] = grpcStatusOk;
    metadata.addResponseTrailers(trailers);
  } else {
    addHeaders(trailers, addGrpcStatus(new Headers(metadata.responseTrailer), error));
  }
  return trailers;
}

/**
 * Moves the encodings that the server accepts from the trailers, where Connect's error has them, to
 * the headers, and adds `identity` (https://github.com/grpc/grpc/blob/master/doc/compression.md).
 */
export function moveAcceptedEncodings(trailers: HttpHeaders, headers: HttpHeaders): void {
  const accepted = trailers["grpc-accept-encoding"];
  if (accepted !== undefined) {
    delete trailers["grpc-accept-encoding"];
    headers["grpc-accept-encoding"] = `${accepted},identity`;
  }
}

/** Adds the status of a failed call to its trailers, with the metadata and details of the error. */
function addGrpcStatus(trailers: Headers, error: ConnectError): Headers {
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
