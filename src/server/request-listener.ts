import { constants } from "node:http2";
import { Code, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { codeFromHttpStatus, codeToString } from "@connectrpc/connect/protocol-connect";
import type { Clock } from "../clock.js";
import type { Logger } from "../observability/logger.js";
import { type CallRecord, callRecordKey } from "../rpc/call-record.js";
import type { Readiness } from "../rpc/readiness.js";
import { splitRequestTarget } from "../rpc/request-target.js";
import type { Router } from "../rpc/router.js";
import { logExchange } from "./access-log.js";
import { createCorsPolicy, isPreflight } from "./cors.js";
import { httpLimits } from "./http-limits.js";
import {
  type HttpProblem,
  headersTooLarge,
  hostMissing,
  internalError,
  methodNotAllowed,
  notFound,
  sendProblem,
  unsupportedMediaType,
} from "./http-problem.js";
import {
  countHeaderBytes,
  createRequestSignal,
  isRequestComplete,
  type NodeRequest,
  type NodeResponse,
} from "./node-exchange.js";
import { createProbeRoutes } from "./probe-routes.js";
import { sendUniversalResponse, toUniversalRequest } from "./universal-exchange.js";

export interface RequestListenerOptions {
  readonly router: Router;
  readonly readiness: Readiness;
  readonly allowedOrigins: readonly string[];
  readonly log: Logger;
  readonly clock: Clock;
}

export type RequestListener = (request: NodeRequest, response: NodeResponse) => void;

/** Answers every request of the port: preflights, probes, RPCs, and problems for the rest. */
export function createRequestListener(options: RequestListenerOptions): RequestListener {
  const { router, readiness, log, clock } = options;
  const applyCors = createCorsPolicy(options.allowedOrigins);
  const probes = createProbeRoutes(readiness);

  return (request, response) => {
    const record: CallRecord = { protocol: "http" };
    logExchange(log, clock, request, response, record);
    response.once("finish", () => endUnreadRequest(request));
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("X-Content-Type-Options", "nosniff");
    applyCors(request, response);
    if (readiness.state === "draining" && !("stream" in response)) {
      response.shouldKeepAlive = false;
    }

    const { path } = splitRequestTarget(request.url ?? "");
    const probe = probes.get(path);
    const handler = probe === undefined ? router(path) : undefined;
    if ("stream" in request && countHeaderBytes(request) > httpLimits.maxHeaderBytes) {
      refuse(headersTooLarge);
    } else if (request.httpVersion === "1.1" && request.headers.host === undefined) {
      refuse(hostMissing);
    } else if (isPreflight(request)) {
      record.target = "preflight";
      response.statusCode = 204;
      response.end();
    } else if (probe !== undefined) {
      record.target = path;
      if (request.method === "GET" || request.method === "HEAD") {
        const { status, body } = probe();
        response.statusCode = status;
        response.setHeader("Content-Type", "application/json");
        response.end(request.method === "HEAD" ? "" : body);
      } else {
        refuse(methodNotAllowed(["GET", "HEAD"]), ["GET", "HEAD"]);
      }
    } else if (handler === undefined) {
      if (request.headers["content-type"]?.startsWith("application/grpc")) {
        refuseUnknownGrpcMethod();
      } else {
        refuse(notFound);
      }
    } else {
      record.protocol = nameProtocol(handler, request);
      record.target = handler.requestPath;
      if (handler.allowedMethods.includes(request.method ?? "")) {
        void call(handler);
      } else {
        refuse(methodNotAllowed(handler.allowedMethods), handler.allowedMethods);
      }
    }

    async function call(handler: UniversalHandler): Promise<void> {
      const signal = createRequestSignal(response);
      try {
        const values = createContextValues().set(callRecordKey, record);
        const universal = await handler(toUniversalRequest(request, signal, values));
        record.code ??= findCode(universal);
        if (universal.status === 415) {
          refuse(unsupportedMediaType);
        } else {
          closeAfterUnreadRequest();
          await sendUniversalResponse(universal, request, response, signal);
        }
      } catch (error) {
        if (signal.aborted || response.headersSent) {
          record.code ??= "canceled";
          response.destroy();
        } else {
          record.cause ??= error;
          refuse(internalError);
        }
      }
    }

    function refuse(problem: HttpProblem, allowed?: readonly string[]): void {
      record.code = codeToString(problem.code);
      if (allowed !== undefined) {
        response.setHeader("Allow", [...new Set(allowed)].join(", "));
      }
      closeAfterUnreadRequest();
      sendProblem(problem, response);
    }

    /** gRPC asks for status 200 and the code in the trailers, here sent alone. */
    function refuseUnknownGrpcMethod(): void {
      record.protocol = "grpc";
      record.code = "unimplemented";
      response.setHeader("Content-Type", request.headers["content-type"] ?? "application/grpc");
      response.setHeader("grpc-status", Code.Unimplemented);
      response.setHeader("grpc-message", "unknown service or method");
      closeAfterUnreadRequest();
      response.end();
    }

    /** Rather than read on what a client still sends, HTTP/1.1 ends the connection. */
    function closeAfterUnreadRequest(): void {
      if (!("stream" in response) && !isRequestComplete(request)) {
        response.shouldKeepAlive = false;
      }
    }
  };
}

/** The HTTP/2 side of the same: the stream ends once the answer is out (RFC 9113 section 8.1). */
function endUnreadRequest(request: NodeRequest): void {
  if ("stream" in request && !isRequestComplete(request)) {
    request.stream.close(constants.NGHTTP2_NO_ERROR);
  }
}

function nameProtocol(handler: UniversalHandler, request: NodeRequest): string {
  if (handler.protocolNames.includes("rest")) {
    return "rest";
  }
  const contentType = request.headers["content-type"] ?? "";
  if (contentType.startsWith("application/grpc-web")) {
    return "grpc-web";
  }
  return contentType.startsWith("application/grpc") ? "grpc" : "connect";
}

/** The code of a call that failed before the interceptors ran. */
function findCode({ status, trailer }: UniversalServerResponse): string {
  const grpcStatus = Number(trailer?.get("grpc-status") ?? 0);
  if (grpcStatus in Code) {
    return codeToString(grpcStatus);
  }
  return status === 200 ? "ok" : codeToString(codeFromHttpStatus(status));
}
