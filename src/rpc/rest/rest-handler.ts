import {
  create,
  type DescMessage,
  type JsonObject,
  type MessageShape,
  toJson,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  createHandlerContext,
  type MethodImplSpec,
} from "@connectrpc/connect";
import {
  contentTypeMatcher,
  createAsyncIterable,
  invokeUnaryImplementation,
  type UniversalHandler,
  type UniversalHandlerOptions,
  type UniversalServerRequest,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { translateError } from "../interceptors/translate-errors.js";
import { splitRequestTarget } from "../request-target.js";
import { readGetTemplates } from "./http-binding.js";
import type { PathTemplate, PathVariables } from "./path-template.js";
import { problemContentType, toProblemDetails } from "./problem-details.js";
import { rawQueryKey } from "./raw-query.js";
import { readRequestMessage } from "./request-message.js";

/** A handler of the router that speaks plain JSON over GET at a path of its own. */
export interface RestHandler extends UniversalHandler {
  readonly template: PathTemplate;
}

type UnarySpec = MethodImplSpec & { kind: "unary" };

const protocolName = "rest";
/** Made once: a reason made for each call would cost a stack trace each. */
const callEnded = new ConnectError("the call has ended", Code.Canceled);

/**
 * The REST handlers of a method: one for each GET route in its `google.api.http` annotation. REST
 * is thereby one more protocol of the router: the same interceptors and the same implementation
 * run as for gRPC and Connect, only the wire differs.
 */
export function createRestHandlers(
  spec: MethodImplSpec,
  options: Pick<UniversalHandlerOptions, "interceptors"> &
    Partial<Pick<UniversalHandlerOptions, "shutdownSignal">>,
): RestHandler[] {
  return spec.kind === "unary"
    ? readGetTemplates(spec.method).map((template) => createRestHandler(spec, template, options))
    : [];
}

function createRestHandler(
  spec: UnarySpec,
  template: PathTemplate,
  options: Parameters<typeof createRestHandlers>[1],
): RestHandler {
  async function handle(request: UniversalServerRequest): Promise<UniversalServerResponse> {
    const { path, query } = splitRequestTarget(request.url);
    const variables = template.match(path) ?? new Map<string, string>();
    const values = request.contextValues ?? createContextValues();
    values.set(rawQueryKey, query);
    const context = createHandlerContext({
      service: spec.method.parent,
      method: spec.method,
      protocolName,
      requestMethod: request.method,
      url: request.url,
      requestSignal: request.signal,
      ...(options.shutdownSignal && { shutdownSignal: options.shutdownSignal }),
      requestHeader: request.header,
      contextValues: values,
    });
    try {
      const bound = bindRequest(spec, variables, query);
      const output = await invokeUnaryImplementation(
        bound.spec,
        context,
        bound.input,
        options.interceptors,
      );
      context.responseHeader.set("Content-Type", "application/json");
      return respond(200, context.responseHeader, toResponseJson(spec.method.output, output));
    } catch (error) {
      const connectError = translateError(error);
      const problem = toProblemDetails(connectError);
      connectError.metadata.forEach((value, name) => {
        context.responseHeader.append(name, value);
      });
      context.responseHeader.set("Content-Type", problemContentType);
      return respond(problem.status, context.responseHeader, { ...problem });
    } finally {
      context.abort(callEnded);
    }
  }
  return Object.assign(handle, {
    template,
    protocolNames: [protocolName],
    service: spec.method.parent,
    method: spec.method,
    requestPath: template.text,
    allowedMethods: ["GET", "HEAD"],
    supportedContentType: contentTypeMatcher(/^/),
  });
}

/**
 * Reads the request message. One that does not parse is reported by the implementation's place, so
 * that authentication comes first: a stranger learns nothing about parameters.
 */
function bindRequest(
  spec: UnarySpec,
  variables: PathVariables,
  rawQuery: string,
): { spec: UnarySpec; input: MessageShape<DescMessage> } {
  const { input } = spec.method;
  try {
    return { spec, input: readRequestMessage(input, variables, rawQuery) };
  } catch (error) {
    const impl = (): never => {
      throw error;
    };
    return { spec: { ...spec, impl }, input: create(input) };
  }
}

/** The response message as JSON; its own lists are always there, as clients iterate over them. */
function toResponseJson(schema: DescMessage, message: MessageShape<DescMessage>): JsonObject {
  const json: JsonObject = {};
  for (const field of schema.fields) {
    if (field.fieldKind === "list") {
      json[field.jsonName] = [];
    }
  }
  return Object.assign(json, toJson(schema, message));
}

function respond(status: number, header: Headers, json: JsonObject): UniversalServerResponse {
  const body = Buffer.from(JSON.stringify(json));
  header.set("Content-Length", String(body.byteLength));
  return { status, header, body: createAsyncIterable([body]) };
}
