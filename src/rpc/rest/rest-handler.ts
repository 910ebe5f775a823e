import { refuseOverRest } from "../refusal.js";
import type { HandlerOptions } from "../unary/handler-options.js";
import { addHeaders, type HttpHeaders, type UnaryHandler } from "../unary/http-message.js";
import { settleError } from "../unary/settle-error.js";
import { UnaryCall } from "../unary/unary-call.js";
import { composeUnary, takeMessage, type UnarySpec } from "../unary/unary-invocation.js";
import type { GetBinding } from "./http-binding.js";
import { problemContentType, toProblemDetails } from "./problem-details.js";
import { readRequestMessage } from "./request-message.js";
import { createBodyPrinter } from "./response-body.js";

/**
 * A method as plain JSON over GET, at the path that its `google.api.http` annotation gives. REST is
 * thereby one more protocol of the router: the same interceptors and the same implementation run as
 * for gRPC and Connect, only the wire differs.
 */
export function createRestHandler(
  spec: UnarySpec,
  binding: GetBinding,
  { interceptors }: Pick<HandlerOptions, "interceptors">,
): UnaryHandler {
  const { method } = spec;
  const { template } = binding;
  const invoke = composeUnary(spec, interceptors);
  const print = createBodyPrinter(method.output, binding);
  const kind = { method, protocolName: "rest" } as const;
  return {
    protocol: "rest",
    isStream: false,
    maxBodyBytes: 0,
    findTimeoutMs: () => undefined,
    refuse: refuseOverRest,
    async handle(request) {
      const { path, query, contextValues } = request;
      const headers: HttpHeaders = {};
      let call: UnaryCall | undefined;
      try {
        const message = readRequestMessage(method.input, template.match(path) ?? new Map(), query);
        call = new UnaryCall(kind, request, message, undefined);
        const body = print(takeMessage(await invoke(call)));
        headers["content-type"] = "application/json";
        call.addResponseHeaders(headers);
        return { status: 200, headers, body };
      } catch (error) {
        const settled = settleError(error, contextValues, call);
        const problem = toProblemDetails(settled);
        call?.addResponseHeaders(headers);
        addHeaders(headers, settled.metadata);
        headers["content-type"] = problemContentType;
        return { status: problem.status, headers, body: JSON.stringify(problem) };
      } finally {
        call?.end();
      }
    },
  };
}
