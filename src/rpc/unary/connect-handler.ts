import type { Message } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import * as connect from "@connectrpc/connect/protocol-connect";
import { negotiateCompression } from "../content-coding.js";
import { refuseOverConnect } from "../refusal.js";
import { findTimeoutMs, readTimeoutMs } from "./call-timeout.js";
import { decompressRequest } from "./decompress-request.js";
import { compressMinBytes, type HandlerOptions } from "./handler-options.js";
import {
  addHeaders,
  type HttpAnswer,
  type HttpHeaders,
  type HttpRequest,
  type RequestBody,
  requireBody,
  type UnaryHandler,
} from "./http-message.js";
import { createMessageCodec, type MessageCodec } from "./message-codec.js";
import { readQueryBytes } from "./query-bytes.js";
import { settleError } from "./settle-error.js";
import { UnaryCall } from "./unary-call.js";
import { composeUnary, takeMessage, type UnarySpec } from "./unary-invocation.js";

/** What a request carries, wherever it stands: in header and body, or in the query. */
interface Wire {
  readonly binary: boolean;
  /** The name of the compression that the message came in. */
  readonly encoding: string | null;
  /** @throws ConnectError when it cannot be read */
  readMessage(): Uint8Array;
}

/**
 * A unary method over Connect by POST (https://connectrpc.com/docs/protocol#unary-request).
 * @param binary whether messages are protobuf, not JSON
 */
export function createConnectPostHandler(
  spec: UnarySpec,
  options: HandlerOptions,
  binary: boolean,
): UnaryHandler {
  return createConnectHandler(spec, options, options.readMaxBytes, ({ headers }, body) => ({
    binary,
    encoding: headers.find("content-encoding"),
    readMessage: () => requireBody(body, options.readMaxBytes),
  }));
}

/**
 * A method without side effects over Connect by GET
 * (https://connectrpc.com/docs/protocol#unary-get-request).
 */
export function createConnectGetHandler(spec: UnarySpec, options: HandlerOptions): UnaryHandler {
  return createConnectHandler(spec, options, 0, ({ query }) => {
    const parameters = new URLSearchParams(query);
    return {
      binary: parameters.get("encoding") === "proto",
      encoding: parameters.get("compression"),
      readMessage: () => readQueryMessage(query, parameters.get("base64") === "1"),
    };
  });
}

function createConnectHandler(
  spec: UnarySpec,
  options: HandlerOptions,
  maxBodyBytes: number,
  readWire: (request: HttpRequest, body: RequestBody) => Wire,
): UnaryHandler {
  const { method } = spec;
  const { acceptCompression, readMaxBytes } = options;
  const invoke = composeUnary(spec, options.interceptors);
  const codec = createMessageCodec(method, options);
  const kind = { method, protocolName: "connect" } as const;
  return {
    protocol: "connect",
    isStream: false,
    maxBodyBytes,
    refuse: refuseOverConnect,
    findTimeoutMs: (sent) => findTimeoutMs(sent.find("connect-timeout-ms"), connect.parseTimeout),
    async handle(request, sentBody) {
      const { binary, encoding, readMessage } = readWire(request, sentBody);
      const compression = negotiateCompression(
        acceptCompression,
        encoding,
        request.headers.find("accept-encoding"),
        connect.headerUnaryAcceptEncoding,
      );
      const headers: HttpHeaders = {};
      let call: UnaryCall | undefined;
      let status = 200;
      let body: string | Uint8Array;
      try {
        if (compression.error !== undefined) {
          throw compression.error;
        }
        const timeout = request.headers.find("connect-timeout-ms");
        const timeoutMs = readTimeoutMs(timeout, connect.parseTimeout);
        const sent = readMessage();
        const data =
          compression.request === null
            ? sent
            : await decompressRequest(compression.request, sent, readMaxBytes);
        call = new UnaryCall(kind, request, decode(codec, data, binary), timeoutMs);
        const output = takeMessage(await invoke(call));
        body = binary ? codec.encodeBinary(output) : codec.encodeJson(output);
        headers["content-type"] = binary
          ? connect.contentTypeUnaryProto
          : connect.contentTypeUnaryJson;
        call.addResponseHeaders(headers);
      } catch (error) {
        const settled = settleError(error, request.contextValues, call);
        status = connect.codeToHttpStatus(settled.code);
        body = JSON.stringify(connect.errorToJson(settled, undefined));
        headers["content-type"] = connect.contentTypeUnaryJson;
        call?.addResponseHeaders(headers);
        addHeaders(headers, settled.metadata);
      } finally {
        call?.end();
      }
      call?.addResponseTrailers(headers, "trailer-");
      return compression.response === null || body.length < compressMinBytes
        ? { status, headers, body }
        : compress({ status, headers, body }, compression.response);
    },
  };
}

/** Bytes that are no message are an internal error in gRPC, and the library says so for all protocols. */
function decode(codec: MessageCodec, bytes: Uint8Array, binary: boolean): Message {
  try {
    return codec.decode(bytes, binary);
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    throw code === Code.Internal ? new ConnectError(rawMessage, Code.InvalidArgument) : error;
  }
}

function readQueryMessage(query: string, isBase64: boolean): Uint8Array {
  const message = readQueryBytes(query, "message");
  if (!isBase64) {
    return message;
  }
  try {
    return base64Decode(Buffer.from(message).toString("latin1"));
  } catch {
    throw new ConnectError("the parameter message is no base64", Code.InvalidArgument);
  }
}

async function compress(answer: HttpAnswer, compression: Compression): Promise<HttpAnswer> {
  const { body, headers } = answer;
  headers[connect.headerUnaryEncoding.toLowerCase()] = compression.name;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { ...answer, body: await compression.compress(bytes) };
}
