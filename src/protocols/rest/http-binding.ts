import { type DescField, type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { http } from "../../gen/google/api/annotations_pb.js";
import type { HttpRule } from "../../gen/google/api/http_pb.js";
import { type PathTemplate, parsePathTemplate } from "./path-template.js";
import { findField } from "./request-message.js";

/** One `GET` of a `google.api.http` annotation. */
export interface GetBinding {
  readonly template: PathTemplate;
  /** The message field that is the response's body; undefined where the whole response is. */
  readonly bodyField: (DescField & { readonly fieldKind: "message" }) | undefined;
}

/**
 * The `GET` routes that a method's `google.api.http` annotation asks for, additional bindings
 * included. Empty without one.
 *
 * @throws Error for an annotation that cannot be served: what is no `GET`, or has a body, or is of a
 *   method whose requests are a stream; a template that is malformed or names no field; a response
 *   body that is no message field (at startup only)
 */
export function readGetBindings(method: DescMethod): GetBinding[] {
  if (!hasOption(method, http)) {
    return [];
  }
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings].map((binding) => readGetBinding(method, binding));
}

function readGetBinding(method: DescMethod, { pattern, body, responseBody }: HttpRule): GetBinding {
  const { input, methodKind, name, output, parent } = method;
  const flaw = (problem: string) =>
    new Error(`${parent.typeName}.${name}: a google.api.http annotation ${problem}`);
  if (pattern.case !== "get") {
    throw flaw(`has ${pattern.case ?? "no pattern"}; only get can be served`);
  }
  if (body !== "") {
    throw flaw(`has the body "${body}"; a get has none`);
  }
  if (methodKind === "client_streaming" || methodKind === "bidi_streaming") {
    throw flaw("is of a method whose requests are a stream; a get has one request");
  }
  const template = parsePathTemplate(pattern.value, flaw);
  const unknown = template.variables.find((each) => findField(input, each.name) === undefined);
  if (unknown !== undefined) {
    throw flaw(
      `has {${unknown.name}} in its path; a variable must be a field of ${input.typeName}`,
    );
  }
  if (responseBody === "") {
    return { template, bodyField: undefined };
  }
  const bodyField = output.fields.find((field) => field.name === responseBody);
  if (bodyField?.fieldKind !== "message") {
    throw flaw(
      `has the response_body "${responseBody}"; it must be a message field of ${output.typeName}`,
    );
  }
  return { template, bodyField };
}
