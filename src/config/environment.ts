import { listKeys } from "./declared-keys.js";
import type { KeyPath } from "./key-path.js";
import type { Kind } from "./kind.js";
import { findNearName } from "./near-name.js";
import type { Environment } from "./place.js";

/** Names the configuration file. */
export const fileVariable = "ICE_CONFIG";

/** A key that a variable sets. */
export interface VariableEntry {
  readonly name: string;
  readonly path: KeyPath;
  readonly value: unknown;
}

export interface Overlay {
  /** What the variables say, to be laid over the file. */
  readonly entries: readonly VariableEntry[];
  readonly warnings: readonly string[];
}

/** Reads the variables that the keys declare. An empty one counts as not set, unless it is a value. */
export function readEnvironment(root: Kind, env: Environment): Overlay {
  const keys = listKeys(root);
  const entries = keys.flatMap(({ path, key: { kind, declaration } }) => {
    const { variable: name = "", emptyVariable } = declaration;
    const text = env[name];
    return text === undefined || (text === "" && emptyVariable === undefined)
      ? []
      : [{ name, path, value: kind.fromText?.(text) ?? text }];
  });
  const known = keys.flatMap(({ key }) => key.declaration.variable ?? []);
  return { entries, warnings: findUnknown(env, [...known, fileVariable]) };
}

function findUnknown(env: Environment, known: readonly string[]): string[] {
  return (
    Object.keys(env)
      .filter((name) => name.startsWith("ICE_") && !known.includes(name))
      // Kubernetes sets these by itself beside a Service of the name ice-service.
      .filter((name) => !name.startsWith("ICE_SERVICE_"))
      .map((name) => {
        const near = findNearName(name, known);
        const suggestion = near === undefined ? "" : `; did you mean ${near}?`;
        return `the variable ${name} is unknown and ignored${suggestion}`;
      })
  );
}
