import { Code } from "@connectrpc/connect";
import type { RequestLog } from "../observability/request-log.js";
import type { Readiness } from "../rpc/readiness.js";
import { splitRequestTarget } from "../rpc/request-target.js";
import { nameProtocol, type Route } from "../rpc/route.js";
import type { Router } from "../rpc/router.js";
import { createCorsPolicy, isPreflight } from "./cors.js";
import type { ExchangeListener, HttpExchange } from "./http-exchange.js";
import { httpLimits } from "./http-limits.js";
import {
  headersTooLarge,
  hostMissing,
  methodNotAllowed,
  notFound,
  unsupportedMediaType,
} from "./http-problem.js";
import { createProbeRoutes, type ProbeRoute } from "./probe-routes.js";
import { Reply } from "./reply.js";
import { answerStream } from "./stream-exchange.js";
import { answerUnary } from "./unary-exchange.js";

export interface RequestListenerOptions {
  readonly router: Router;
  readonly readiness: Readiness;
  readonly allowedOrigins: readonly string[];
  readonly requestLog: RequestLog;
}

/** Answers every request of the port: preflights, probes, RPCs, and problems for the rest. */
export function createRequestListener(options: RequestListenerOptions): ExchangeListener {
  const { router, readiness, requestLog } = options;
  const applyCors = createCorsPolicy(options.allowedOrigins);
  const probes = createProbeRoutes(readiness);

  return (exchange) => {
    const reply = new Reply(exchange, requestLog, readiness);
    applyCors(exchange, reply.headers);
    const { path, query } = splitRequestTarget(exchange.target);
    const probe = probes.get(path);
    const route = probe === undefined ? router(path) : undefined;
    // Node bounds the headers of HTTP/1.1, but only asks HTTP/2 clients to bound theirs.
    if (
      exchange.httpVersion === "2.0" &&
      exchange.headers.countBytes() > httpLimits.maxHeaderBytes
    ) {
      reply.refuse(headersTooLarge);
    } else if (exchange.httpVersion === "1.1" && exchange.headers.find("host") === null) {
      reply.refuse(hostMissing);
    } else if (isPreflight(exchange)) {
      reply.record.target = "preflight";
      reply.send({ status: 204, headers: {}, body: "" });
    } else if (probe !== undefined) {
      reply.record.target = path;
      answerProbe(reply, probe);
    } else if (route !== undefined) {
      callRoute(reply, route, path, query);
    } else if (contentTypeOf(exchange).startsWith("application/grpc")) {
      refuseUnknownGrpcMethod(reply);
    } else {
      reply.refuse(notFound);
    }
  };
}

function callRoute(reply: Reply, route: Route, path: string, query: string): void {
  const { exchange, record } = reply;
  const { method } = exchange;
  const contentType = contentTypeOf(exchange);
  const handler = route.kind === "unary" ? route.choose({ method, contentType, query }) : undefined;
  const protocol = route.kind === "stream" ? route.protocol : handler?.protocol;
  record.protocol = protocol ?? nameProtocol(contentType);
  record.target = route.path;
  if (!route.allowedMethods.includes(method)) {
    reply.refuse(methodNotAllowed(route.allowedMethods));
  } else if (route.kind === "stream") {
    void answerStream(reply, route.handler);
  } else if (handler === undefined) {
    reply.refuse(unsupportedMediaType);
  } else {
    answerUnary(reply, handler, path, query);
  }
}

function answerProbe(reply: Reply, probe: ProbeRoute): void {
  const { method } = reply.exchange;
  if (method === "GET" || method === "HEAD") {
    const { status, body } = probe();
    reply.send({ status, headers: { "content-type": "application/json" }, body });
  } else {
    reply.refuse(methodNotAllowed(["GET", "HEAD"]));
  }
}

/** gRPC asks for status 200 and the code in the trailers, here sent alone. */
function refuseUnknownGrpcMethod(reply: Reply): void {
  reply.record.protocol = nameProtocol(contentTypeOf(reply.exchange));
  reply.record.code = "unimplemented";
  reply.send({
    status: 200,
    headers: {
      "content-type": contentTypeOf(reply.exchange),
      "grpc-status": String(Code.Unimplemented),
      "grpc-message": "unknown service or method",
    },
    body: "",
  });
}

function contentTypeOf({ headers }: HttpExchange): string {
  return headers.find("content-type")?.toLowerCase() ?? "";
}
