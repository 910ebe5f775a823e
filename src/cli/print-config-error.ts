import type { ConfigError } from "../errors.js";

/** Every problem as `key: problem`, each with its fix on a line of its own. */
export function printConfigError({ problems }: ConfigError): string {
  const isCommandLine = problems.every(({ key }) => key.startsWith("--"));
  const what = isCommandLine
    ? "The command cannot be carried out"
    : "The configuration cannot be used";
  const lines = problems.map(({ key, problem, fix }) => `  ${key}: ${problem}\n    → ${fix}\n`);
  return `${what}:\n${lines.join("")}`;
}
