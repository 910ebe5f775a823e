import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  contentTypeUnaryJson,
  contentTypeUnaryProto,
  errorToJson,
  headerUnaryAcceptEncoding,
  headerUnaryEncoding,
  parseTimeout,
} from "@connectrpc/connect/protocol-connect";
import type { OpenCodec, RequestHead, ResponseMetadata, UnaryCodec } from "../../call/codec.js";
import { addHeaders, type HttpAnswer, type HttpHeaders } from "../../http/http-message.js";
import type { CodecOptions } from "../codec-options.js";
import { compressMinBytes, decompressRequest } from "../compression.js";
import { negotiateCompression } from "../content-coding.js";
import { createMessageCodec, type MessageCodec } from "../message-codec.js";
import { readTimeout } from "../timeout.js";
import { readQuery } from "./query.js";

/** Where a request says what it carries, and where its message is if not in the body. */
interface Source {
  readonly binary: boolean;
  /** The name of the compression of the message. */
  readonly encoding: string | null;
  /** @throws ConnectError InvalidArgument; undefined where the message is the body */
  readonly readMessage: (() => Uint8Array) | undefined;
}

/**
 * A unary method over Connect by POST (https://connectrpc.com/docs/protocol#unary-request).
 * @param binary whether messages are protobuf, not JSON
 */
export function createConnectPostCodec(
  method: DescMethod,
  options: CodecOptions,
  binary: boolean,
): OpenCodec<UnaryCodec> {
  const messages = createMessageCodec(method, options);
  return (head) => {
    const encoding = head.headers.find("content-encoding");
    const source = { binary, encoding, readMessage: undefined };
    return new ConnectUnaryCodec(head, source, messages, options);
  };
}

/**
 * A method without side effects over Connect by GET
 * (https://connectrpc.com/docs/protocol#unary-get-request).
 */
export function createConnectGetCodec(
  method: DescMethod,
  options: CodecOptions,
): OpenCodec<UnaryCodec> {
  const messages = createMessageCodec(method, options);
  return (head) => new ConnectUnaryCodec(head, readQuery(head.query), messages, options);
}

class ConnectUnaryCodec implements UnaryCodec {
  readonly protocol = "connect";
  readonly readMaxBytes: number;
  readonly timeoutMs: number | undefined;
  readonly problem: ConnectError | undefined;
  readonly #source: Source;
  readonly #messages: MessageCodec;
  readonly #requestCompression: Compression | null;
  readonly #responseCompression: Compression | null;

  constructor(
    { headers }: RequestHead,
    source: Source,
    messages: MessageCodec,
    { acceptCompression, readMaxBytes }: CodecOptions,
  ) {
    const { request, response, error } = negotiateCompression(
      acceptCompression,
      source.encoding,
      headers.find("accept-encoding"),
      headerUnaryAcceptEncoding,
    );
    const timeout = readTimeout(headers.find("connect-timeout-ms"), parseTimeout);
    this.readMaxBytes = readMaxBytes;
    this.timeoutMs = timeout.timeoutMs;
    this.problem = error ?? timeout.error;
    this.#source = source;
    this.#messages = messages;
    this.#requestCompression = request;
    this.#responseCompression = response;
  }

  get maxBodyBytes(): number {
    return this.#source.readMessage === undefined ? this.readMaxBytes : 0;
  }

  decode(body: Uint8Array): Message | Promise<Message> {
    const { binary, readMessage } = this.#source;
    const sent = readMessage === undefined ? body : readMessage();
    const compression = this.#requestCompression;
    return compression === null
      ? decodeAsArgument(this.#messages, sent, binary)
      : decompressRequest(compression, sent, this.readMaxBytes, Code.InvalidArgument).then(
          (bytes) => decodeAsArgument(this.#messages, bytes, binary),
        );
  }

  respond(message: Message, metadata: ResponseMetadata): HttpAnswer | Promise<HttpAnswer> {
    const { binary } = this.#source;
    const body = binary ? this.#messages.encodeBinary(message) : this.#messages.encodeJson(message);
    const headers: HttpHeaders = {
      "content-type": binary ? contentTypeUnaryProto : contentTypeUnaryJson,
    };
    return this.#answer(metadata, 200, headers, body);
  }

  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer | Promise<HttpAnswer> {
    const body = JSON.stringify(errorToJson(error, undefined));
    const headers: HttpHeaders = { "content-type": contentTypeUnaryJson };
    addHeaders(headers, error.metadata);
    return this.#answer(metadata, codeToHttpStatus(error.code), headers, body);
  }

  #answer(
    metadata: ResponseMetadata,
    status: number,
    headers: HttpHeaders,
    body: string | Uint8Array,
  ): HttpAnswer | Promise<HttpAnswer> {
    metadata.addResponseHeaders(headers);
    metadata.addResponseTrailers(headers, "trailer-");
    return this.#responseCompression === null || body.length < compressMinBytes
      ? { status, headers, body }
      : compress({ status, headers, body }, this.#responseCompression);
  }
}

/**
 * Decodes a message as Connect reports errors: bytes that are no message are an internal error in
 * gRPC, and the library says so for all protocols.
 * @throws ConnectError InvalidArgument, or ResourceExhausted when the bytes are too many
 */
function decodeAsArgument(messages: MessageCodec, bytes: Uint8Array, binary: boolean): Message {
  try {
    return messages.decode(bytes, binary);
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    throw code === Code.Internal ? new ConnectError(rawMessage, Code.InvalidArgument) : error;
  }
}

async function compress(answer: HttpAnswer, compression: Compression): Promise<HttpAnswer> {
  const { body, headers } = answer;
  headers[headerUnaryEncoding.toLowerCase()] = compression.name;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { ...answer, body: await compression.compress(bytes) };
}
