import { type DescField, type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { http } from "../../gen/google/api/annotations_pb.js";
import { type PathTemplate, parsePathTemplate } from "./path-template.js";

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
 * @throws Error when one is not a `GET`, a template is malformed, or the body is no message field
 *   (at startup only)
 */
export function readGetBindings(method: DescMethod): GetBinding[] {
  if (!hasOption(method, http)) {
    return [];
  }
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings].map(({ pattern, responseBody }) => {
    if (pattern.case !== "get") {
      throw new Error(
        `${method.parent.typeName}.${method.name}: a google.api.http annotation has ${pattern.case ?? "no pattern"}; only get can be served`,
      );
    }
    return {
      template: parsePathTemplate(pattern.value),
      bodyField: findBodyField(method, responseBody),
    };
  });
}

function findBodyField({ output }: DescMethod, name: string): GetBinding["bodyField"] {
  if (name === "") {
    return undefined;
  }
  const field = output.fields.find((candidate) => candidate.name === name);
  if (field?.fieldKind !== "message") {
    throw new Error(`response_body "${name}" is no message field of ${output.typeName}`);
  }
  return field;
}
