import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { MethodImplSpec } from "@connectrpc/connect";
import { createMethodUrl } from "@connectrpc/connect/protocol";
import { Call } from "../call/call.js";
import { nameTarget } from "../call/call-record.js";
import type { OpenCodec, StreamCodec, UnaryCodec } from "../call/codec.js";
import {
  createStreamStages,
  createUnaryStages,
  type StreamSpec,
  type UnarySpec,
} from "../call/method-stages.js";
import { orderStages, runCall, type SharedStages } from "../call/pipeline.js";
import type { StreamCalls } from "../call/stream-calls.js";
import type { ProtocolName } from "../http/http-message.js";
import type { CodecOptions } from "./codec-options.js";
import { createConnectStreamCodec } from "./connect/stream-codec.js";
import { createConnectGetCodec, createConnectPostCodec } from "./connect/unary-codec.js";
import { createGrpcCodec } from "./grpc/codec.js";
import { createGrpcWebCodec } from "./grpc-web/codec.js";
import { createEventStreamCodec } from "./rest/event-stream-codec.js";
import { type GetBinding, readGetBindings } from "./rest/http-binding.js";
import { createRestCodec } from "./rest/json-codec.js";
import type { PathTemplate } from "./rest/path-template.js";
import type { CallFormat, Route } from "./route.js";

/** A method at its own path, or at one that its `google.api.http` annotation gives. */
export interface MethodRoute {
  readonly route: Route;
  /** Undefined for the method's own path. */
  readonly template: PathTemplate | undefined;
}

export interface MethodRouteOptions {
  readonly stages: SharedStages;
  readonly codec: CodecOptions;
  /** Where the streams that are open are kept. */
  readonly streams: StreamCalls;
}

/**
 * Every way to call a method, over all protocols.
 * @throws Error for an annotation that cannot be served (startup only)
 */
export function createMethodRoutes(
  spec: MethodImplSpec,
  options: MethodRouteOptions,
): MethodRoute[] {
  return spec.kind === "unary"
    ? createUnaryRoutes(spec, options)
    : createStreamRoutes(spec, options);
}

/**
 * A unary method in one format.
 * @throws Error for a method of another kind (startup only)
 */
export function createUnaryFormat<C extends UnaryCodec>(
  spec: MethodImplSpec,
  shared: SharedStages<C>,
  protocol: ProtocolName,
  open: OpenCodec<C>,
): CallFormat {
  if (spec.kind !== "unary") {
    throw new Error(`${nameTarget(spec.method)} is not unary`);
  }
  const stages = orderStages(shared, createUnaryStages(spec));
  return {
    protocol,
    start: (reply, head) => runCall(new Call(spec.method, open(head), reply, head), stages),
  };
}

function createUnaryRoutes(
  spec: UnarySpec,
  { stages: shared, codec }: MethodRouteOptions,
): MethodRoute[] {
  const { method } = spec;
  const format = (protocol: ProtocolName, open: OpenCodec<UnaryCodec>) =>
    createUnaryFormat(spec, shared, protocol, open);
  const get =
    method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
      ? format("connect", createConnectGetCodec(method, codec))
      : undefined;
  const grpc = format("grpc", createGrpcCodec(method, codec));
  const grpcWeb = format("grpc-web", createGrpcWebCodec(method, codec));
  const byMediaType = new Map([
    ...groupGrpc(grpc, grpcWeb),
    ["application/json", format("connect", createConnectPostCodec(method, codec, false))],
    ["application/proto", format("connect", createConnectPostCodec(method, codec, true))],
  ]);
  return [
    createRpcRoute(
      method,
      get === undefined ? ["POST"] : ["POST", "GET", "HEAD"],
      ({ method: verb, mediaType, query }) => {
        if (verb === "GET" || verb === "HEAD") {
          const [encoding = "", ...others] = new URLSearchParams(query).getAll("encoding");
          return others.length === 0 && /^(json|proto)$/.test(encoding) ? get : undefined;
        }
        return byMediaType.get(mediaType);
      },
    ),
    ...createRestRoutes(method, (binding) => format("rest", createRestCodec(method, binding))),
  ];
}

function createStreamRoutes(
  spec: StreamSpec,
  { stages: shared, codec, streams }: MethodRouteOptions,
): MethodRoute[] {
  const { method } = spec;
  const stages = orderStages(shared, createStreamStages(spec));
  const isPublic = shared.admitPublic !== undefined;
  const format = (protocol: ProtocolName, open: OpenCodec<StreamCodec>): CallFormat => ({
    protocol,
    start: (reply, head) =>
      runCall(streams.begin(new Call(method, open(head), reply, head), isPublic), stages),
  });
  const grpc = format("grpc", createGrpcCodec(method, codec));
  const grpcWeb = format("grpc-web", createGrpcWebCodec(method, codec));
  const byMediaType = new Map([
    ...groupGrpc(grpc, grpcWeb),
    ["application/connect+json", format("connect", createConnectStreamCodec(method, codec, false))],
    ["application/connect+proto", format("connect", createConnectStreamCodec(method, codec, true))],
  ]);
  return [
    createRpcRoute(method, ["POST"], ({ mediaType }) => byMediaType.get(mediaType)),
    ...createRestRoutes(method, (binding) =>
      format("rest", createEventStreamCodec(method, binding)),
    ),
  ];
}

function createRpcRoute(
  method: DescMethod,
  allowedMethods: readonly string[],
  choose: Route["choose"],
): MethodRoute {
  const path = createMethodUrl("/", method);
  return {
    template: undefined,
    route: { path, target: nameTarget(method), allowedMethods, choose },
  };
}

function createRestRoutes(
  method: DescMethod,
  createFormat: (binding: GetBinding) => CallFormat,
): MethodRoute[] {
  return readGetBindings(method).map((binding) => {
    const format = createFormat(binding);
    const route: Route = {
      path: binding.template.text,
      target: nameTarget(method),
      allowedMethods: ["GET", "HEAD"],
      choose: () => format,
    };
    return { template: binding.template, route };
  });
}

/** The media types of gRPC and gRPC-Web, which are the same for unary calls and streams. */
function groupGrpc(grpc: CallFormat, grpcWeb: CallFormat): [mediaType: string, CallFormat][] {
  return [
    ["application/grpc", grpc],
    ["application/grpc+proto", grpc],
    ["application/grpc+json", grpc],
    ["application/grpc-web", grpcWeb],
    ["application/grpc-web+proto", grpcWeb],
    ["application/grpc-web+json", grpcWeb],
    ["application/grpc-web-text", grpcWeb],
    ["application/grpc-web-text+proto", grpcWeb],
  ];
}
