import type { DescMethod } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
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
import type { HttpAnswer } from "../../http/http-message.js";
import type { CodecOptions } from "../codec-options.js";
import { negotiateCompression } from "../content-coding.js";
import { sealEnvelope } from "../envelope.js";
import { EnvelopedCodec, type EnvelopedHead } from "../enveloped-codec.js";
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
  return (head) => new ConnectStreamCodec(readHead(head, binary, messages, options), options);
}

class ConnectStreamCodec extends EnvelopedCodec implements StreamCodec {
  readonly protocol = "connect";
  readonly hasTrailers = false;

  constructor(head: EnvelopedHead, { readMaxBytes }: CodecOptions) {
    const contentType = head.binary ? contentTypeStreamProto : contentTypeStreamJson;
    super(head, readMaxBytes, contentType, headerStreamEncoding.toLowerCase());
  }

  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer {
    return { status: 200, headers: this.begin(metadata), body: sealEnd(metadata, error) };
  }

  end(metadata: ResponseMetadata, error: ConnectError | undefined): StreamEnd {
    return { chunk: sealEnd(metadata, error) };
  }
}

function readHead(
  { headers }: RequestHead,
  binary: boolean,
  messages: MessageCodec,
  { acceptCompression }: CodecOptions,
): EnvelopedHead {
  const compression = negotiateCompression(
    acceptCompression,
    headers.find("connect-content-encoding"),
    headers.find("connect-accept-encoding"),
    headerStreamAcceptEncoding,
  );
  const { timeoutMs, error } = readTimeout(headers.find("connect-timeout-ms"), parseTimeout);
  return {
    binary,
    messages: new EnvelopedMessages(messages, binary, compression, Code.InvalidArgument),
    timeoutMs,
    problem: compression.error ?? error,
  };
}

function sealEnd(metadata: ResponseMetadata, error: ConnectError | undefined): Uint8Array {
  const end = endStreamToJson(metadata.responseTrailer, error, undefined);
  return sealEnvelope(endStreamFlag, Buffer.from(JSON.stringify(end)));
}
