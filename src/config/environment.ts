import type { DeclaredKey } from "./declared-keys.js";
import type { KeyPath } from "./key-path.js";
import { findNearName } from "./near-name.js";
import type { Environment } from "./place.js";
import { printValue } from "./value-text.js";

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

/**
 * What Kubernetes and Docker set next to a Service or a linked container, by its name: a Service named
 * `ice` sets ICE_PORT, one named `ice-admin` ICE_ADMIN_PORT.
 */
const serviceLink = /^(tcp|udp|sctp):\/\//i;
const serviceLinkName =
  /^ICE_(.+_)?(SERVICE_(HOST|PORT(_.+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PORT|PROTO|ADDR))?)$/;

/**
 * Reads the variables that the keys declare. An empty one counts as not set, unless it is a value; a
 * service link is ignored with a warning.
 */
export function readEnvironment(keys: readonly DeclaredKey[], env: Environment): Overlay {
  const warnings: string[] = [];
  const entries = keys.flatMap(({ path, key: { kind, declaration } }) => {
    const { variable: name = "", emptyVariable } = declaration;
    const text = env[name];
    if (text === undefined || (text === "" && emptyVariable === undefined)) {
      return [];
    }
    if (isServiceLink(name, text)) {
      warnings.push(
        `${name}=${printValue(text)} is a service link of Kubernetes or Docker and ignored; set enableServiceLinks: false in the pod, or rename the Service`,
      );
      return [];
    }
    return [{ name, path, value: kind.fromText?.(text) ?? text }];
  });
  const known = keys.flatMap(({ key }) => key.declaration.variable ?? []);
  return { entries, warnings: [...warnings, ...findUnknown(env, [...known, fileVariable])] };
}

function isServiceLink(name: string, text = ""): boolean {
  return name.endsWith("_PORT") && serviceLink.test(text);
}

function findUnknown(env: Environment, known: readonly string[]): string[] {
  return (
    Object.keys(env)
      .filter((name) => name.startsWith("ICE_") && !known.includes(name))
      // Where the examples and the client libraries find a service.
      .filter((name) => name !== "ICE_URL")
      // Kubernetes sets these by itself: the first next to a Service named ice-service.
      .filter((name) => !name.startsWith("ICE_SERVICE_"))
      .filter((name) => !serviceLinkName.test(name) && !isServiceLink(name, env[name]))
      .map((name) => {
        const near = findNearName(name, known);
        const suggestion = near === undefined ? "" : `; did you mean ${near}?`;
        return `the variable ${name} is unknown and ignored${suggestion}`;
      })
  );
}
