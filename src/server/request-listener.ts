import { Code, cors } from "@connectrpc/connect";
import { Reply, type ReplyRecords } from "../call/reply.js";
import type { FindClientAddress } from "../http/client-address.js";
import { createCorsPolicy, isPreflight } from "../http/cors.js";
import { findHeaderProblem } from "../http/header-problem.js";
import type { ExchangeListener } from "../http/http-exchange.js";
import type { ProtocolName } from "../http/http-message.js";
import {
  createNotFound,
  methodNotAllowed,
  unknownQueryEncoding,
  unsupportedMediaType,
} from "../http/http-problem.js";
import { readMediaType } from "../http/media-type.js";
import { createOptionsAnswer, portMethods } from "../http/options-answer.js";
import { type RequestTarget, splitRequestTarget } from "../http/request-target.js";
import type { Route } from "../protocols/route.js";
import { pathIsServed, type Router } from "../protocols/router.js";
import type { Readiness } from "../readiness.js";
import { createProbeRoutes, type FixedRoute, fixedRouteMethods } from "./fixed-routes.js";

export interface RequestListenerOptions extends ReplyRecords {
  readonly router: Router;
  readonly readiness: Readiness;
  readonly allowedOrigins: readonly string[];
  readonly findClientAddress: FindClientAddress;
  /** Of all headers of a request together. */
  readonly maxHeaderBytes: number;
  /** Further routes that ask for no token, by their paths. */
  readonly furtherRoutes?: Iterable<readonly [path: string, FixedRoute]>;
}

/**
 * Answers every request of the port: OPTIONS, fixed routes, RPCs, and problems for the rest.
 * @throws Error when a method has the path of a fixed route (startup only)
 */
export function createRequestListener(options: RequestListenerOptions): ExchangeListener {
  const { router, readiness, findClientAddress } = options;
  const notFound = createNotFound(router.restPaths);
  const applyCors = createCorsPolicy(options.allowedOrigins, cors);
  const fixedRoutes = new Map([...createProbeRoutes(readiness), ...(options.furtherRoutes ?? [])]);
  for (const path of fixedRoutes.keys()) {
    const hidden = router(path);
    // A template with variables has other paths as well.
    if (hidden?.path === path) {
      throw pathIsServed(hidden);
    }
  }

  return (exchange) => {
    const reply = new Reply(exchange, options, readiness);
    reply.record.peerAddress = exchange.remoteAddress;
    reply.record.clientAddress = findClientAddress(exchange);
    applyCors(exchange, reply.answerHeaders);
    const target = splitRequestTarget(exchange.target);
    const { path } = target;
    const fixedRoute = fixedRoutes.get(path);
    const route = fixedRoute === undefined ? router(path) : undefined;
    const askedMethods =
      exchange.method === "OPTIONS" ? findMethods(path, fixedRoute, route) : undefined;
    const problem = findHeaderProblem(exchange, options.maxHeaderBytes);
    if (problem !== undefined) {
      reply.refuse(problem);
    } else if (isPreflight(exchange)) {
      reply.record.target = "preflight";
      reply.send({ status: 204, headers: {}, body: "" });
    } else if (askedMethods !== undefined) {
      reply.record.target = "options";
      reply.send(createOptionsAnswer(askedMethods));
    } else if (fixedRoute !== undefined) {
      reply.record.target = path;
      answerFixed(reply, fixedRoute);
    } else if (route !== undefined) {
      callRoute(reply, route, target);
    } else if (readMediaType(exchange.headers).startsWith("application/grpc")) {
      refuseUnknownGrpcMethod(reply);
    } else {
      reply.refuse(notFound);
    }
  };
}

/** What a path takes beside OPTIONS; undefined where there is no such path. */
function findMethods(
  path: string,
  fixedRoute: FixedRoute | undefined,
  route: Route | undefined,
): readonly string[] | undefined {
  if (fixedRoute !== undefined) {
    return fixedRouteMethods;
  }
  // Both stand for the server as a whole, with a page or without.
  return path === "*" || path === "/" ? portMethods : route?.allowedMethods;
}

function callRoute(reply: Reply, route: Route, target: RequestTarget): void {
  const { exchange, record } = reply;
  const { method, headers } = exchange;
  const mediaType = readMediaType(headers);
  const format = route.choose({ method, mediaType, query: target.query });
  record.protocol = format?.protocol ?? nameProtocol(mediaType);
  record.route = route.path;
  record.target = route.target;
  if (!route.allowedMethods.includes(method)) {
    reply.refuse(methodNotAllowed(route.allowedMethods));
  } else if (format === undefined) {
    reply.refuse(method === "POST" ? unsupportedMediaType : unknownQueryEncoding);
  } else {
    format.start(reply, { method, path: target.path, query: target.query, headers });
  }
}

function answerFixed(reply: Reply, route: FixedRoute): void {
  if (fixedRouteMethods.includes(reply.exchange.method)) {
    const { status, headers, body } = route();
    reply.send({ status, headers: { ...headers }, body });
  } else {
    reply.refuse(methodNotAllowed(fixedRouteMethods));
  }
}

function refuseUnknownGrpcMethod(reply: Reply): void {
  const mediaType = readMediaType(reply.exchange.headers);
  reply.record.protocol = nameProtocol(mediaType);
  reply.refuseGrpc(mediaType, Code.Unimplemented, "unknown service or method");
}

/** The protocol of a request to a route, for the log; a guess where its format is unknown. */
function nameProtocol(mediaType: string): ProtocolName {
  if (mediaType.startsWith("application/grpc-web")) {
    return "grpc-web";
  }
  return mediaType.startsWith("application/grpc") ? "grpc" : "connect";
}
