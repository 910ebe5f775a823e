import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { createMethodUrl, type UniversalHandler } from "@connectrpc/connect/protocol";
import type { AdmissionStage } from "./admission/admission-stage.js";
import { nameTarget } from "./call-record.js";
import { createWebTextHandler } from "./grpc-web-text.js";
import { createEventStreamHandler, type ServerStreamSpec } from "./rest/event-stream-handler.js";
import type { GetBinding } from "./rest/http-binding.js";
import { createRestHandler } from "./rest/rest-handler.js";
import {
  createRestStreamHandler,
  createStreamHandlers,
  type StreamHandler,
} from "./stream-handler.js";
import { createConnectGetHandler, createConnectPostHandler } from "./unary/connect-handler.js";
import { createGrpcHandler } from "./unary/grpc-handler.js";
import type { HandlerOptions } from "./unary/handler-options.js";
import type { ProtocolName, UnaryHandler } from "./unary/http-message.js";
import type { UnarySpec } from "./unary/unary-invocation.js";

const restMethods = ["GET", "HEAD"];

/** A method at one of its paths, over every protocol that the path takes. */
export interface Route {
  /** The path, or the path template. */
  readonly path: string;
  /** The RPC as the log and the metrics name it, whichever path it is called by. */
  readonly target: string;
  readonly allowedMethods: readonly string[];
  /** What each call passes before its body is read. Absent where anybody may call. */
  readonly admit?: AdmissionStage | undefined;
  /**
   * What serves a request, or undefined when its format is unknown. Whether its method is allowed
   * is for the caller to look at.
   */
  choose(request: RequestFormat): UnaryHandler | StreamHandler | undefined;
}

/** The parts of a request that say in which format it is. */
export interface RequestFormat {
  readonly method: string;
  /** In lower case, without parameters; empty where there is none. */
  readonly mediaType: string;
  readonly query: string;
}

/** A unary method at its own path over gRPC, gRPC-Web and Connect. */
export function createRpcRoute(spec: UnarySpec, options: HandlerOptions): Route {
  const { method } = spec;
  const overGrpc = createGrpcHandler("grpc", spec, options);
  const overGrpcWeb = createGrpcHandler("grpc-web", spec, options);
  const overWebText = createWebTextHandler(overGrpcWeb);
  const byMediaType = new Map<string, UnaryHandler>([
    ["application/grpc", overGrpc],
    ["application/grpc+proto", overGrpc],
    ["application/grpc+json", overGrpc],
    ["application/json", createConnectPostHandler(spec, options, false)],
    ["application/proto", createConnectPostHandler(spec, options, true)],
    ["application/grpc-web", overGrpcWeb],
    ["application/grpc-web+proto", overGrpcWeb],
    ["application/grpc-web+json", overGrpcWeb],
    ["application/grpc-web-text", overWebText],
    ["application/grpc-web-text+proto", overWebText],
  ]);
  const get =
    method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
      ? createConnectGetHandler(spec, options)
      : undefined;
  return {
    path: createMethodUrl("/", method),
    target: nameTarget(method),
    allowedMethods: get === undefined ? ["POST"] : ["POST", "GET", "HEAD"],
    choose({ method: verb, mediaType, query }) {
      if (verb === "GET" || verb === "HEAD") {
        return /(?:^|&)encoding=(?:json|proto)(?:&|$)/.test(query) ? get : undefined;
      }
      return byMediaType.get(mediaType);
    },
  };
}

/** A unary method as REST, at the path of one of its `google.api.http` annotations. */
export function createRestRoute(
  spec: UnarySpec,
  binding: GetBinding,
  options: HandlerOptions,
): Route {
  const handler = createRestHandler(spec, binding, options);
  return {
    path: binding.template.text,
    target: nameTarget(spec.method),
    allowedMethods: restMethods,
    choose: () => handler,
  };
}

/** A streaming method at its own path over gRPC, gRPC-Web and Connect. */
export function createStreamRoute(handler: UniversalHandler): Route {
  const chooseHandler = createStreamHandlers(handler);
  return {
    path: handler.requestPath,
    target: nameTarget(handler.method),
    allowedMethods: handler.allowedMethods,
    choose: ({ mediaType }) => chooseHandler(mediaType),
  };
}

/** A server-streaming method as server-sent events, at the path of one of its annotations. */
export function createEventStreamRoute(
  spec: ServerStreamSpec,
  binding: GetBinding,
  options: HandlerOptions,
): Route {
  const handler = createRestStreamHandler(createEventStreamHandler(spec, binding, options));
  return {
    path: binding.template.text,
    target: nameTarget(spec.method),
    allowedMethods: restMethods,
    choose: () => handler,
  };
}

/** The protocol of a request to a route, for the log; a guess where its format is unknown. */
export function nameProtocol(mediaType: string): ProtocolName {
  if (mediaType.startsWith("application/grpc-web")) {
    return "grpc-web";
  }
  return mediaType.startsWith("application/grpc") ? "grpc" : "connect";
}
