import type { DescMethod } from "@bufbuild/protobuf";
import type { PathTemplate } from "../src/protocols/rest/path-template.js";

/**
 * A path as OpenAPI has it: each parameter is one segment, so the other segments of a variable stand
 * around its parameter.
 *
 * @throws Error for a path that has no such form
 */
export function printTemplatePath({ name, parent }: DescMethod, { text }: PathTemplate): string {
  const path = text.replace(/\{([^=}]+)=([^}]*)\}/g, (_, variable: string, segments: string) =>
    printSegments(variable, segments),
  );
  if (path.includes("*")) {
    throw new Error(
      `${parent.typeName}.${name}: OpenAPI cannot describe the path "${text}"; it must have no **, and * only once in each variable`,
    );
  }
  return path;
}

/** What the path has for a variable, and what its field holds in a call. */
export function printSegments(variable: string, segments: string): string {
  return segments.replace("*", `{${variable}}`);
}
