import type { DescField, DescMethod, Registry } from "@bufbuild/protobuf";
import type {
  JsonSchema,
  ParameterDescription,
  RouteDescription,
} from "../src/http/route-description.js";
import { readGetBindings } from "../src/protocols/rest/http-binding.js";
import type { TemplateVariable } from "../src/protocols/rest/path-template.js";
import { findField } from "../src/protocols/rest/request-message.js";
import { printSegments, printTemplatePath } from "./openapi-paths.js";
import { problemResponses, problemSchema } from "./openapi-problems.js";
import { MessageSchemas, printComment } from "./openapi-schemas.js";

/** All that the document is made of. */
export interface OpenApiSources {
  /** The schema, with its comments. */
  readonly registry: Registry;
  /** The service whose methods have routes. */
  readonly serviceName: string;
  /** Routes that no method describes. */
  readonly routes: readonly RouteDescription[];
}

/**
 * The OpenAPI 3.1 document of all routes of REST: those of the methods, as `google.api.http` says, and
 * the others.
 */
export function printOpenApi({ registry, serviceName, routes }: OpenApiSources): string {
  const service = registry.getService(serviceName);
  if (service === undefined) {
    throw new Error(`the schema has no service ${serviceName}`);
  }
  const schemas = new MessageSchemas();
  const methodRoutes = service.methods.flatMap((method) => describeMethod(method, schemas));
  const all = [...methodRoutes, ...routes];
  const document = {
    openapi: "3.1.0",
    info: {
      title: "ice-service",
      version: service.file.proto.package.replace(/^.*\./, ""),
      description: printComment(service),
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths: Object.fromEntries(all.map((route) => [route.path, printPath(route)])),
    components: {
      schemas: { ...schemas.list(), Problem: problemSchema },
      responses: problemResponses,
      securitySchemes: printSecuritySchemes(all),
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** What parameters cannot be in any configuration; protobuf has no way to say so. */
const parameterLimits: Readonly<Record<string, JsonSchema>> = {
  ttlSeconds: { minimum: 0 },
  maxUrls: { minimum: 0 },
  user: { maxLength: 256 },
};

interface DescribedRoute extends RouteDescription {
  /** Of the body of a 200; JSON by default. */
  readonly mediaType?: string;
}

function describeMethod(method: DescMethod, schemas: MessageSchemas): DescribedRoute[] {
  return readGetBindings(method).map(({ template, bodyField }) => {
    const body = schemas.refer(bodyField?.message ?? method.output);
    const isStream = method.methodKind === "server_streaming";
    return {
      path: printTemplatePath(method, template),
      operationId: method.name,
      description: printComment(method),
      tokenParameters: ["token"],
      parameters: [
        ...template.variables.flatMap((variable) => {
          const target = findField(method.input, variable.name);
          return target === undefined ? [] : describeVariable(variable, target.field, schemas);
        }),
        ...method.input.fields
          .filter((field) => !template.variables.some(({ name }) => name === field.name))
          .map((field) => ({ ...describeField(field, schemas), name: field.jsonName })),
      ],
      responses: {
        200: isStream
          ? { description: "Server-sent events.", schema: describeEvent(body) }
          : { description: "The servers.", schema: body },
      },
      ...(isStream && { mediaType: "text/event-stream" }),
    };
  });
}

/** None where the variable is always the same. */
function describeVariable(
  { name, segments }: TemplateVariable,
  field: DescField,
  schemas: MessageSchemas,
): ParameterDescription[] {
  if (!segments.includes("*")) {
    return [];
  }
  const { description, schema } = describeField(field, schemas);
  const form = segments === "*" ? "" : `The field holds \`${printSegments(name, segments)}\`.`;
  return [{ name, description: `${description}\n\n${form}`.trim(), schema, isInPath: true }];
}

function describeField(field: DescField, schemas: MessageSchemas) {
  return {
    description: printComment(field),
    schema: { ...schemas.printType(field), ...parameterLimits[field.jsonName] },
  };
}

/** One event of a stream: OpenAPI 3.1 has no way to say that there are many. */
function describeEvent(message: JsonSchema): JsonSchema {
  const problem = { $ref: "#/components/schemas/Problem" };
  return {
    type: "object",
    description: "One of the events: `message` with a list, or `error` before the stream ends.",
    properties: {
      event: { enum: ["message", "error"] },
      data: {
        type: "string",
        contentMediaType: "application/json",
        contentSchema: { anyOf: [message, problem] },
      },
    },
    required: ["data"],
  };
}

type Response =
  | { readonly $ref: string; readonly description?: string }
  | { readonly description: string; readonly content?: object };

function printPath(route: DescribedRoute) {
  const get = printOperation(route);
  const head = {
    ...get,
    operationId: `${route.operationId}Head`,
    responses: Object.fromEntries(
      Object.entries(get.responses).map(([status, response]) => [status, withoutContent(response)]),
    ),
  };
  return {
    get,
    head,
    ...(route.takesForm && {
      post: {
        ...get,
        operationId: `${route.operationId}Post`,
        parameters: get.parameters.map((parameter) => ({ ...parameter, required: false })),
        responses: { ...get.responses, 413: describeFailure("The form is too large.") },
        requestBody: printForm(route.parameters ?? []),
      },
    }),
  };
}

function printOperation({ mediaType = "application/json", ...route }: DescribedRoute) {
  const own = Object.entries(route.responses).map(
    ([status, { description, schema }]): [string, Response] => [
      status,
      schema === undefined
        ? describeFailure(description)
        : { description, content: { [mediaType]: { schema } } },
    ],
  );
  const failures: Record<string, Response> =
    route.tokenParameters === undefined
      ? {}
      : {
          400: { $ref: "#/components/responses/InvalidArgument" },
          401: { $ref: "#/components/responses/Unauthenticated" },
          403: { $ref: "#/components/responses/PermissionDenied" },
          429: { $ref: "#/components/responses/ResourceExhausted" },
        };
  return {
    operationId: route.operationId,
    description: route.description,
    security: printSecurity(route.tokenParameters),
    parameters: (route.parameters ?? []).map(printParameter),
    responses: {
      ...Object.fromEntries(own),
      ...failures,
      default: { $ref: "#/components/responses/Problem" },
    } satisfies Record<string, Response>,
  };
}

/** Problem details, with what they mean here (OpenAPI 3.1 section 4.8.23). */
function describeFailure(description: string): Response {
  return { $ref: "#/components/responses/Problem", description };
}

function withoutContent(response: Response): Response {
  return "$ref" in response ? response : { description: response.description };
}

function printParameter(parameter: ParameterDescription) {
  const { name, description, isInPath = false, isRequired = isInPath, schema } = parameter;
  return { name, in: isInPath ? "path" : "query", description, required: isRequired, schema };
}

function printForm(parameters: readonly ParameterDescription[]) {
  const properties = parameters.map(({ name, description, schema }) => [
    name,
    { ...schema, description },
  ]);
  const schema: JsonSchema = { type: "object", properties: Object.fromEntries(properties) };
  return { content: { "application/x-www-form-urlencoded": { schema } } };
}

const bearerScheme = "bearer";
const nameScheme = (parameter: string) => `${parameter}Parameter`;

/** Any one of them is enough. */
function printSecurity(tokenParameters: readonly string[] | undefined) {
  return tokenParameters === undefined
    ? []
    : [bearerScheme, ...tokenParameters.map(nameScheme)].map((name) => ({ [name]: [] }));
}

function printSecuritySchemes(routes: readonly RouteDescription[]) {
  const parameters = new Set(routes.flatMap(({ tokenParameters = [] }) => tokenParameters));
  return {
    [bearerScheme]: { type: "http", scheme: "bearer" },
    ...Object.fromEntries(
      [...parameters].map((name) => [nameScheme(name), { type: "apiKey", in: "query", name }]),
    ),
  };
}
