import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import {
  contentTypeJson,
  contentTypeProto,
  trailerFlag,
} from "@connectrpc/connect/protocol-grpc-web";
import type {
  OpenCodec,
  ResponseMetadata,
  StreamCodec,
  StreamEnd,
  UnaryCodec,
} from "../../call/codec.js";
import type { HttpAnswer, HttpHeaders } from "../../http/http-message.js";
import { readMediaType } from "../../http/media-type.js";
import type { CodecOptions } from "../codec-options.js";
import { sealEnvelope } from "../envelope.js";
import { EnvelopedCodec, type EnvelopedHead } from "../enveloped-codec.js";
import { readGrpcRequestHead } from "../grpc/request-head.js";
import { createTrailers, moveAcceptedEncodings } from "../grpc/trailers.js";
import { createMessageCodec } from "../message-codec.js";
import { type BodyForm, binaryForm, textForm } from "./body-form.js";

/**
 * A method over gRPC-Web, unary or streaming: gRPC with the trailers in the body, which is base64 in
 * the text form (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md).
 */
export function createGrpcWebCodec(
  method: DescMethod,
  options: CodecOptions,
): OpenCodec<GrpcWebCodec> {
  const messages = createMessageCodec(method, options);
  return (head) => {
    const isText = readMediaType(head.headers).startsWith("application/grpc-web-text");
    return new GrpcWebCodec(
      readGrpcRequestHead(head, messages, options),
      isText ? textForm : binaryForm,
      options.readMaxBytes,
    );
  };
}

class GrpcWebCodec extends EnvelopedCodec implements UnaryCodec, StreamCodec {
  readonly protocol = "grpc-web";
  readonly hasTrailers = false;
  readonly #form: BodyForm;

  constructor(head: EnvelopedHead, form: BodyForm, readMaxBytes: number) {
    const contentType = form.contentType ?? (head.binary ? contentTypeProto : contentTypeJson);
    super(head, readMaxBytes, contentType, "grpc-encoding");
    this.#form = form;
  }

  override get maxBodyBytes(): number {
    return this.#form.maxEncodedBytes(super.maxBodyBytes);
  }

  override decode(body: Uint8Array): Message | Promise<Message> {
    return super.decode(this.#form.decode(body));
  }

  override decodeAll(body: AsyncIterable<Uint8Array>): AsyncIterable<Message> {
    return super.decodeAll(this.#form.decodeAll(body));
  }

  override encode(message: Message): Uint8Array | Promise<Uint8Array> {
    const sealed = super.encode(message);
    return sealed instanceof Promise
      ? sealed.then((late) => this.#form.encode(late))
      : this.#form.encode(sealed);
  }

  respond(message: Message, metadata: ResponseMetadata): HttpAnswer | Promise<HttpAnswer> {
    const body = super.encode(message);
    return body instanceof Promise
      ? body.then((late) => this.#answer(metadata, late, undefined))
      : this.#answer(metadata, body, undefined);
  }

  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer {
    return this.#answer(metadata, undefined, error);
  }

  end(metadata: ResponseMetadata, error: ConnectError | undefined): StreamEnd {
    return { chunk: this.#form.encode(sealTrailers(createTrailers(metadata, error))) };
  }

  #answer(
    metadata: ResponseMetadata,
    message: Uint8Array | undefined,
    error: ConnectError | undefined,
  ): HttpAnswer {
    const headers = this.begin(metadata);
    const trailers = createTrailers(metadata, error);
    moveAcceptedEncodings(trailers, headers);
    const end = sealTrailers(trailers);
    const body = message === undefined ? end : Buffer.concat([message, end]);
    return { status: 200, headers, body: this.#form.encode(body) };
  }
}

function sealTrailers(trailers: HttpHeaders): Uint8Array {
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}\r\n`);
  return sealEnvelope(trailerFlag, Buffer.from(lines.join("")));
}
