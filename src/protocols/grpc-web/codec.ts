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
import { envelopeHeadBytes, sealEnvelope } from "../envelope.js";
import type { EnvelopedMessages } from "../enveloped-messages.js";
import { type GrpcRequestHead, readGrpcRequestHead } from "../grpc/request-head.js";
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

class GrpcWebCodec implements UnaryCodec, StreamCodec {
  readonly protocol = "grpc-web";
  readonly keepAlive = undefined;
  readonly hasTrailers = false;
  readonly readMaxBytes: number;
  readonly timeoutMs: number | undefined;
  readonly problem: ConnectError | undefined;
  readonly #messages: EnvelopedMessages;
  readonly #form: BodyForm;
  readonly #contentType: string;

  constructor(head: GrpcRequestHead, form: BodyForm, readMaxBytes: number) {
    this.readMaxBytes = readMaxBytes;
    this.timeoutMs = head.timeoutMs;
    this.problem = head.problem;
    this.#messages = head.messages;
    this.#form = form;
    this.#contentType = form.contentType ?? (head.binary ? contentTypeProto : contentTypeJson);
  }

  get maxBodyBytes(): number {
    return this.#form.maxEncodedBytes(envelopeHeadBytes + this.readMaxBytes);
  }

  decode(body: Uint8Array): Message | Promise<Message> {
    return this.#messages.read(this.#form.decode(body));
  }

  decodeAll(body: AsyncIterable<Uint8Array>): AsyncIterable<Message> {
    return this.#messages.readAll(this.#form.decodeAll(body));
  }

  respond(message: Message, metadata: ResponseMetadata): HttpAnswer | Promise<HttpAnswer> {
    const body = this.#messages.seal(message);
    return body instanceof Promise
      ? body.then((late) => this.#answer(metadata, late, undefined))
      : this.#answer(metadata, body, undefined);
  }

  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer {
    return this.#answer(metadata, undefined, error);
  }

  begin(metadata: ResponseMetadata): HttpHeaders {
    const headers: HttpHeaders = { "content-type": this.#contentType };
    const { responseCompression } = this.#messages;
    if (responseCompression !== null) {
      headers["grpc-encoding"] = responseCompression.name;
    }
    metadata.addResponseHeaders(headers);
    return headers;
  }

  encode(message: Message): Uint8Array | Promise<Uint8Array> {
    const sealed = this.#messages.seal(message);
    return sealed instanceof Promise
      ? sealed.then((late) => this.#form.encode(late))
      : this.#form.encode(sealed);
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
