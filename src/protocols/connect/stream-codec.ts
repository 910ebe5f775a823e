import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import {
  contentTypeStreamJson,
  contentTypeStreamProto,
  endStreamFlag,
  endStreamToJson,
  headerStreamAcceptEncoding,
  headerStreamEncoding,
  parseTimeout,
} from "@connectrpc/connect/protocol-connect";
import type {
  OpenCodec,
  RequestHead,
  ResponseMetadata,
  StreamCodec,
  StreamEnd,
} from "../../call/codec.js";
import type { HttpAnswer, HttpHeaders } from "../../http/http-message.js";
import type { CodecOptions } from "../codec-options.js";
import { negotiateCompression } from "../content-coding.js";
import { envelopeHeadBytes, sealEnvelope } from "../envelope.js";
import { EnvelopedMessages } from "../enveloped-messages.js";
import { createMessageCodec, type MessageCodec } from "../message-codec.js";
import { readTimeout } from "../timeout.js";

/** A streaming method over Connect (https://connectrpc.com/docs/protocol#streaming-rpcs). */
export function createConnectStreamCodec(
  method: DescMethod,
  options: CodecOptions,
  binary: boolean,
): OpenCodec<StreamCodec> {
  const messages = createMessageCodec(method, options);
  return (head) => new ConnectStreamCodec(head, binary, messages, options);
}

class ConnectStreamCodec implements StreamCodec {
  readonly protocol = "connect";
  readonly keepAlive = undefined;
  readonly hasTrailers = false;
  readonly readMaxBytes: number;
  readonly timeoutMs: number | undefined;
  readonly problem: ConnectError | undefined;
  readonly #messages: EnvelopedMessages;
  readonly #contentType: string;

  constructor(
    { headers }: RequestHead,
    binary: boolean,
    messages: MessageCodec,
    { acceptCompression, readMaxBytes }: CodecOptions,
  ) {
    const compression = negotiateCompression(
      acceptCompression,
      headers.find("connect-content-encoding"),
      headers.find("connect-accept-encoding"),
      headerStreamAcceptEncoding,
    );
    const timeout = readTimeout(headers.find("connect-timeout-ms"), parseTimeout);
    this.readMaxBytes = readMaxBytes;
    this.timeoutMs = timeout.timeoutMs;
    this.problem = compression.error ?? timeout.error;
    this.#messages = new EnvelopedMessages(messages, binary, compression);
    this.#contentType = binary ? contentTypeStreamProto : contentTypeStreamJson;
  }

  get maxBodyBytes(): number {
    return envelopeHeadBytes + this.readMaxBytes;
  }

  decode(body: Uint8Array): Message | Promise<Message> {
    return this.#messages.read(body);
  }

  decodeAll(body: AsyncIterable<Uint8Array>): AsyncIterable<Message> {
    return this.#messages.readAll(body);
  }

  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer {
    return { status: 200, headers: this.begin(metadata), body: sealEnd(metadata, error) };
  }

  begin(metadata: ResponseMetadata): HttpHeaders {
    const headers: HttpHeaders = { "content-type": this.#contentType };
    const { responseCompression } = this.#messages;
    if (responseCompression !== null) {
      headers[headerStreamEncoding.toLowerCase()] = responseCompression.name;
    }
    metadata.addResponseHeaders(headers);
    return headers;
  }

  encode(message: Message): Uint8Array | Promise<Uint8Array> {
    return this.#messages.seal(message);
  }

  end(metadata: ResponseMetadata, error: ConnectError | undefined): StreamEnd {
    return { chunk: sealEnd(metadata, error) };
  }
}

function sealEnd(metadata: ResponseMetadata, error: ConnectError | undefined): Uint8Array {
  const end = endStreamToJson(metadata.responseTrailer, error, undefined);
  return sealEnvelope(endStreamFlag, Buffer.from(JSON.stringify(end)));
}
