import type { UniversalHandlerFn } from "@connectrpc/connect/protocol";
import * as connect from "@connectrpc/connect/protocol-connect";
import * as grpc from "@connectrpc/connect/protocol-grpc";
import { createGrpcStreamHandler, createGrpcWebStreamHandler } from "./grpc-stream.js";
import { refuseOverGrpcWebText } from "./grpc-web-text.js";
import {
  type Refuse,
  refuseOverConnectStream,
  refuseOverGrpc,
  refuseOverGrpcWeb,
  refuseOverRest,
} from "./refusal.js";
import type { RequestHeaders } from "./request-headers.js";
import { findTimeoutMs } from "./unary/call-timeout.js";
import type { CallHandler, ProtocolName } from "./unary/http-message.js";

/** A streaming RPC over one protocol: over Connect's own protocol code, or over REST. */
export interface StreamHandler extends CallHandler {
  readonly isStream: true;
  readonly handle: UniversalHandlerFn;
  /** Sets the timeout to what is left of it, from 0 to 2^31 - 1 ms: the handler counts from its start. */
  setTimeoutMs(headers: RequestHeaders, leftMs: number): void;
}

type StreamProtocol = Omit<StreamHandler, "handle">;

/** Finds what serves a stream by POST; undefined where its format is unknown. */
export type ChooseStreamHandler = (mediaType: string) => StreamHandler | undefined;

/** @param handle for gRPC and for Connect: it looks at the content type again */
export function createStreamHandlers(handle: UniversalHandlerFn): ChooseStreamHandler {
  const handleGrpc = createGrpcStreamHandler(handle);
  const handleWeb = createGrpcWebStreamHandler(handleGrpc);
  const grpcHandler = { ...overGrpc("grpc", refuseOverGrpc), handle: handleGrpc };
  const grpcWebHandler = { ...overGrpc("grpc-web", refuseOverGrpcWeb), handle: handleWeb };
  const webTextHandler = { ...overGrpc("grpc-web", refuseOverGrpcWebText), handle: handleWeb };
  const connectHandler = { ...overConnect, handle };
  const byMediaType = new Map<string, StreamHandler>([
    ["application/grpc", grpcHandler],
    ["application/grpc+proto", grpcHandler],
    ["application/grpc+json", grpcHandler],
    ["application/grpc-web", grpcWebHandler],
    ["application/grpc-web+proto", grpcWebHandler],
    ["application/grpc-web+json", grpcWebHandler],
    ["application/grpc-web-text", webTextHandler],
    ["application/grpc-web-text+proto", webTextHandler],
    ["application/connect+proto", connectHandler],
    ["application/connect+json", connectHandler],
  ]);
  return (mediaType) => byMediaType.get(mediaType);
}

/** Server-sent events, which have no timeout. */
export function createRestStreamHandler(handle: UniversalHandlerFn): StreamHandler {
  return {
    protocol: "rest",
    isStream: true,
    refuse: refuseOverRest,
    findTimeoutMs: () => undefined,
    setTimeoutMs() {},
    handle,
  };
}

/** The longest that a grpc-timeout in milliseconds can tell, in 8 digits. */
const maxGrpcTimeoutMs = 99_999_999;

function overGrpc(protocol: ProtocolName, refuse: Refuse): StreamProtocol {
  return {
    protocol,
    isStream: true,
    refuse,
    findTimeoutMs: (sent) => findTimeoutMs(sent.find("grpc-timeout"), grpc.parseTimeout),
    setTimeoutMs(headers, leftMs) {
      const isLong = leftMs > maxGrpcTimeoutMs;
      const timeout = isLong ? `${Math.ceil(leftMs / 1000)}S` : `${Math.ceil(leftMs)}m`;
      headers.set("grpc-timeout", timeout);
    },
  };
}

const overConnect: StreamProtocol = {
  protocol: "connect",
  isStream: true,
  refuse: refuseOverConnectStream,
  findTimeoutMs: (sent) => findTimeoutMs(sent.find("connect-timeout-ms"), connect.parseTimeout),
  setTimeoutMs(headers, leftMs) {
    headers.set("connect-timeout-ms", `${Math.ceil(leftMs)}`);
  },
};
