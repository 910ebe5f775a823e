import type { ConnectError } from "@connectrpc/connect";
import { grpcStatusOk } from "@connectrpc/connect/protocol-grpc";
import type { ResponseMetadata } from "../../call/codec.js";
import { addHeaders, type HttpHeaders } from "../../http/http-message.js";
import { addGrpcStatus } from "./status.js";

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
