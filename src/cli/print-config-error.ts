import type { ConfigError } from "../errors.js";

/** Every problem as `key: problem`, each with its fix on a line of its own. */
export function printConfigError({ problems }: ConfigError): string {
  const lines = problems.map(({ key, problem, fix }) => `  ${key}: ${problem}\n    → ${fix}\n`);
  return `The configuration cannot be used:\n${lines.join("")}`;
}
