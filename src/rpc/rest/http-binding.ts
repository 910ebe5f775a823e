import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { http } from "../../gen/google/api/annotations_pb.js";
import { type PathTemplate, parsePathTemplate } from "./path-template.js";

/**
 * The `GET` routes that a method's `google.api.http` annotation asks for, additional bindings
 * included. Empty without one.
 *
 * @throws Error when a template is malformed (start-up only)
 */
export function readGetTemplates(method: DescMethod): PathTemplate[] {
  if (!hasOption(method, http)) {
    return [];
  }
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings].flatMap(({ pattern }) =>
    pattern.case === "get" ? [parsePathTemplate(pattern.value)] : [],
  );
}
