import {
  create,
  type DescMessage,
  type JsonObject,
  type Message,
  type MessageShape,
  toJson,
} from "@bufbuild/protobuf";
import { createContextKey } from "@connectrpc/connect";
import { rememberLast } from "../remember-last.js";
import type { HandlerOptions } from "../unary/handler-options.js";
import {
  addHeaders,
  type HttpHeaders,
  type HttpRequest,
  type UnaryHandler,
} from "../unary/http-message.js";
import { settleError } from "../unary/settle-error.js";
import { UnaryCall } from "../unary/unary-call.js";
import { composeUnary, takeMessage, type UnarySpec } from "../unary/unary-invocation.js";
import type { PathTemplate } from "./path-template.js";
import { problemContentType, toProblemDetails } from "./problem-details.js";
import { rawQueryKey } from "./raw-query.js";
import { readRequestMessage } from "./request-message.js";

/** Why the request message could not be read. */
const bindingErrorKey = createContextKey<unknown>(undefined, { description: "what did not parse" });

/**
 * A method as plain JSON over GET, at the path that its `google.api.http` annotation gives. REST is
 * thereby one more protocol of the router: the same interceptors and the same implementation run as
 * for gRPC and Connect, only the wire differs.
 */
export function createRestHandler(
  spec: UnarySpec,
  template: PathTemplate,
  { interceptors }: Pick<HandlerOptions, "interceptors">,
): UnaryHandler {
  const { method } = spec;
  const invoke = composeUnary(reportBindingErrors(spec), interceptors);
  const encode = rememberLast((output: Message) =>
    JSON.stringify(toResponseJson(method.output, output)),
  );
  const kind = { method, protocolName: "rest" } as const;
  return {
    protocol: "rest",
    maxBodyBytes: 0,
    findTimeoutMs: () => undefined,
    async handle(request) {
      request.contextValues.set(rawQueryKey, request.query);
      const message = bindRequest(method.input, template, request);
      const call = new UnaryCall(kind, request, message, undefined);
      const headers: HttpHeaders = {};
      try {
        const body = encode(takeMessage(await invoke(call)));
        headers["content-type"] = "application/json";
        call.addResponseHeaders(headers);
        return { status: 200, headers, body };
      } catch (error) {
        const settled = settleError(error, request.contextValues);
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

/**
 * Reads the request message. One that does not parse is reported in the implementation's place, so
 * that authentication comes first: a stranger learns nothing about parameters.
 */
function bindRequest<Desc extends DescMessage>(
  schema: Desc,
  template: PathTemplate,
  { path, query, contextValues }: HttpRequest,
): MessageShape<Desc> {
  try {
    return readRequestMessage(schema, template.match(path) ?? new Map(), query);
  } catch (error) {
    contextValues.set(bindingErrorKey, error);
    return create(schema);
  }
}

function reportBindingErrors(spec: UnarySpec): UnarySpec {
  return {
    ...spec,
    impl(message, context) {
      const error = context.values.get(bindingErrorKey);
      if (error !== undefined) {
        throw error;
      }
      return spec.impl(message, context);
    },
  };
}

/** The response message as JSON; its own lists are always there, as clients iterate over them. */
function toResponseJson(schema: DescMessage, message: Message): JsonObject {
  const json: JsonObject = {};
  for (const field of schema.fields) {
    if (field.fieldKind === "list") {
      json[field.jsonName] = [];
    }
  }
  return Object.assign(json, toJson(schema, message));
}
