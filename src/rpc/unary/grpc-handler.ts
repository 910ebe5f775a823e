import { Code, type ConnectError } from "@connectrpc/connect";
import { type Compression, compressedFlag } from "@connectrpc/connect/protocol";
import * as grpc from "@connectrpc/connect/protocol-grpc";
import * as grpcWeb from "@connectrpc/connect/protocol-grpc-web";
import { negotiateCompression } from "../content-coding.js";
import { UnreadableMessageError } from "../error-fault.js";
import { addGrpcStatus, takeAcceptedEncodings } from "../grpc-status.js";
import { carriesJson } from "../media-type.js";
import { refuseOverGrpc, refuseOverGrpcWeb, writeGrpcWebTrailers } from "../refusal.js";
import { findTimeoutMs, readTimeoutMs } from "./call-timeout.js";
import { decompressRequest } from "./decompress-request.js";
import { type Envelope, envelopeHeadBytes, openEnvelope, sealEnvelopes } from "./envelope.js";
import { compressMinBytes, type HandlerOptions } from "./handler-options.js";
import {
  addHeaders,
  type HttpAnswer,
  type HttpHeaders,
  requireBody,
  type UnaryHandler,
} from "./http-message.js";
import { createMessageCodec } from "./message-codec.js";
import { settleError } from "./settle-error.js";
import { UnaryCall } from "./unary-call.js";
import { composeUnary, takeMessage, type UnarySpec } from "./unary-invocation.js";

type GrpcProtocol = "grpc" | "grpc-web";

const contentTypes = {
  grpc: { proto: grpc.contentTypeProto, json: grpc.contentTypeJson },
  "grpc-web": { proto: grpcWeb.contentTypeProto, json: grpcWeb.contentTypeJson },
} as const;

/**
 * A method over gRPC (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), or over
 * gRPC-Web (PROTOCOL-WEB.md beside it), which differs in that the trailers go into the body.
 */
export function createGrpcHandler(
  protocol: GrpcProtocol,
  spec: UnarySpec,
  options: HandlerOptions,
): UnaryHandler {
  const { method } = spec;
  const { acceptCompression, readMaxBytes } = options;
  const invoke = composeUnary(spec, options.interceptors);
  const codec = createMessageCodec(method, options);
  const maxBodyBytes = envelopeHeadBytes + readMaxBytes;
  const kind = { method, protocolName: protocol };

  return {
    protocol,
    isStream: false,
    maxBodyBytes,
    refuse: protocol === "grpc" ? refuseOverGrpc : refuseOverGrpcWeb,
    findTimeoutMs: (sent) => findTimeoutMs(sent.find("grpc-timeout"), grpc.parseTimeout),
    async handle(request, body) {
      const { headers: sent } = request;
      const binary = !carriesJson(sent);
      const compression = negotiateCompression(
        acceptCompression,
        sent.find("grpc-encoding"),
        sent.find("grpc-accept-encoding"),
        grpc.headerAcceptEncoding,
      );
      const headers: HttpHeaders = {
        "content-type": contentTypes[protocol][binary ? "proto" : "json"],
      };
      if (compression.response !== null) {
        headers["grpc-encoding"] = compression.response.name;
      }
      let call: UnaryCall | undefined;
      try {
        if (compression.error !== undefined) {
          throw compression.error;
        }
        const timeoutMs = readTimeoutMs(sent.find("grpc-timeout"), grpc.parseTimeout);
        const envelope = openEnvelope(requireBody(body, readMaxBytes), readMaxBytes);
        const data =
          (envelope.flags & compressedFlag) === 0
            ? envelope.data
            : await decompress(envelope.data, compression.request, readMaxBytes);
        call = new UnaryCall(kind, request, codec.decode(data, binary), timeoutMs);
        const output = takeMessage(await invoke(call));
        const message = binary ? codec.encodeBinary(output) : Buffer.from(codec.encodeJson(output));
        return finish(protocol, headers, call, [
          compression.response === null || message.byteLength < compressMinBytes
            ? { flags: 0, data: message }
            : { flags: compressedFlag, data: await compression.response.compress(message) },
        ]);
      } catch (error) {
        return finish(protocol, headers, call, [], settleError(error, request.contextValues, call));
      } finally {
        call?.end();
      }
    },
  };
}

function decompress(
  data: Uint8Array,
  compression: Compression | null,
  maxBytes: number,
): Promise<Uint8Array> {
  if (compression === null) {
    throw new UnreadableMessageError("the message is compressed, but not said how", Code.Internal);
  }
  return decompressRequest(compression, data, maxBytes);
}

function finish(
  protocol: GrpcProtocol,
  headers: HttpHeaders,
  call: UnaryCall | undefined,
  messages: readonly Envelope[],
  error?: ConnectError,
): HttpAnswer {
  const trailers: HttpHeaders = {};
  if (error === undefined) {
    trailers["grpc-status"] = grpc.grpcStatusOk;
    call?.addResponseTrailers(trailers);
  } else {
    const trailer = addGrpcStatus(call?.responseTrailer ?? new Headers(), error);
    const accepted = takeAcceptedEncodings(trailer);
    if (accepted !== undefined) {
      headers[grpc.headerAcceptEncoding.toLowerCase()] = accepted;
    }
    addHeaders(trailers, trailer);
  }
  call?.addResponseHeaders(headers);
  if (protocol === "grpc") {
    return { status: 200, headers, body: sealEnvelopes(messages), trailers };
  }
  const body = sealEnvelopes([...messages, writeGrpcWebTrailers(trailers)]);
  return { status: 200, headers, body };
}
