import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { contentTypeJson, contentTypeProto } from "@connectrpc/connect/protocol-grpc";
import type {
  OpenCodec,
  ResponseMetadata,
  StreamCodec,
  StreamEnd,
  UnaryCodec,
} from "../../call/codec.js";
import type { HttpAnswer, HttpHeaders } from "../../http/http-message.js";
import { noBytes } from "../../http/request-body.js";
import type { CodecOptions } from "../codec-options.js";
import { EnvelopedCodec, type EnvelopedHead } from "../enveloped-codec.js";
import { createMessageCodec } from "../message-codec.js";
import { readGrpcRequestHead } from "./request-head.js";
import { createTrailers, moveAcceptedEncodings } from "./trailers.js";

/**
 * A method over gRPC, unary or streaming
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
 */
export function createGrpcCodec(method: DescMethod, options: CodecOptions): OpenCodec<GrpcCodec> {
  const messages = createMessageCodec(method, options);
  return (head) =>
    new GrpcCodec(readGrpcRequestHead(head, messages, options), options.readMaxBytes);
}

class GrpcCodec extends EnvelopedCodec implements UnaryCodec, StreamCodec {
  readonly protocol = "grpc";
  readonly hasTrailers = true;

  constructor(head: EnvelopedHead, readMaxBytes: number) {
    super(head, readMaxBytes, head.binary ? contentTypeProto : contentTypeJson, "grpc-encoding");
  }

  respond(message: Message, metadata: ResponseMetadata): HttpAnswer | Promise<HttpAnswer> {
    const body = this.encode(message);
    return body instanceof Promise
      ? body.then((late) => this.#answer(metadata, late, undefined))
      : this.#answer(metadata, body, undefined);
  }

  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer {
    if (metadata.isAdmitted) {
      return this.#answer(metadata, noBytes, error);
    }
    // Status and headers in one block, without a body (Trailers-Only in the specification).
    const headers: HttpHeaders = { "content-type": this.contentType };
    return {
      status: 200,
      headers: Object.assign(headers, createTrailers(metadata, error)),
      body: noBytes,
    };
  }

  end(metadata: ResponseMetadata, error: ConnectError | undefined): StreamEnd {
    return { trailers: createTrailers(metadata, error) };
  }

  #answer(
    metadata: ResponseMetadata,
    body: Uint8Array,
    error: ConnectError | undefined,
  ): HttpAnswer {
    const headers = this.begin(metadata);
    const trailers = createTrailers(metadata, error);
    moveAcceptedEncodings(trailers, headers);
    return { status: 200, headers, body, trailers };
  }
}
