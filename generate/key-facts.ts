import { stringify } from "yaml";
import type { Key, KeyDeclaration, Kind } from "../src/config/kind.js";

/** A value as YAML on one line. */
export function printFlow(value: unknown): string {
  return stringify(value, {
    collectionStyle: "flow",
    flowCollectionPadding: !Array.isArray(value),
    lineWidth: 0,
  }).trim();
}

/** What a key declares beside its help, as short sentences. */
export function describeFacts({ kind, isOptional, declaration }: Key): string {
  const { variable, restart, devDefault } = declaration;
  const facts = [
    describeDefault(isOptional, declaration),
    devDefault !== undefined && `Default with --dev: ${printFlow(devDefault)}`,
    describeRange(kind, declaration),
    variable !== undefined && `Variable: ${variable}`,
    restart !== undefined &&
      (restart === "for a new value"
        ? "Requires a restart"
        : "Turning it on or off requires a restart"),
  ];
  return facts.flatMap((fact) => (fact ? [`${fact}.`] : [])).join(" ");
}

function describeDefault(
  isOptional: boolean,
  { default: usual, defaultText, example }: KeyDeclaration<unknown>,
): string | undefined {
  if (defaultText !== undefined) {
    return `Default: ${defaultText}`;
  }
  if (usual !== undefined) {
    return example === undefined ? undefined : `Default: ${printFlow(usual)}`;
  }
  return isOptional ? undefined : "Required";
}

/** Of a section that is shown on one line: the ranges of its keys. */
function describeRange(
  { range, structure }: Kind,
  { example }: KeyDeclaration<unknown>,
): string | undefined {
  if (range !== undefined) {
    return `Values: ${range}`;
  }
  if (structure?.type !== "section" || example === undefined) {
    return undefined;
  }
  const ranges = Object.entries(structure.keys).flatMap(([name, { kind }]) =>
    kind.range === undefined ? [] : [`${name} ${kind.range}`],
  );
  return `Values: ${ranges.join(", ")}`;
}
