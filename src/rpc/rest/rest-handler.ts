import type { HandlerOptions } from "../unary/handler-options.js";
import { addHeaders, type HttpHeaders, type UnaryHandler } from "../unary/http-message.js";
import { settleError } from "../unary/settle-error.js";
import { UnaryCall } from "../unary/unary-call.js";
import { composeUnary, takeMessage, type UnarySpec } from "../unary/unary-invocation.js";
import type { GetBinding } from "./http-binding.js";
import { problemContentType, toProblemDetails } from "./problem-details.js";
import { bindRequest, reportBindingError } from "./request-binding.js";
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
  const reporting: UnarySpec = {
    ...spec,
    impl(message, context) {
      reportBindingError(context.values);
      return spec.impl(message, context);
    },
  };
  const invoke = composeUnary(reporting, interceptors);
  const print = createBodyPrinter(method.output, binding);
  const kind = { method, protocolName: "rest" } as const;
  return {
    protocol: "rest",
    maxBodyBytes: 0,
    findTimeoutMs: () => undefined,
    async handle(request) {
      const { path, query, contextValues } = request;
      const message = bindRequest(method.input, binding, path, query, contextValues);
      const call = new UnaryCall(kind, request, message, undefined);
      const headers: HttpHeaders = {};
      try {
        const body = print(takeMessage(await invoke(call)));
        headers["content-type"] = "application/json";
        call.addResponseHeaders(headers);
        return { status: 200, headers, body };
      } catch (error) {
        const settled = settleError(error, contextValues, call);
        const problem = toProblemDetails(settled);
        call.addResponseHeaders(headers);
        addHeaders(headers, settled.metadata);
        headers["content-type"] = problemContentType;
        return { status: problem.status, headers, body: JSON.stringify(problem) };
      } finally {
        call.end();
      }
    },
  };
}
