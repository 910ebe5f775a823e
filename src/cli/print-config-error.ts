import type { ConfigError } from "../errors.js";

/** Every problem as `key: problem`, each with its fix on a line of its own. */
export function printConfigError({ problems, omittedCount }: ConfigError): string {
  const isCommandLine = problems.every(({ key }) => key.startsWith("--"));
  const what = isCommandLine
    ? "The command cannot be carried out"
    : "The configuration cannot be used";
  const lines = problems.map(({ key, problem, fix }) => `  ${key}: ${problem}\n    → ${fix}\n`);
  const others = omittedCount > 0 ? `  and ${omittedCount} more\n` : "";
  return `${what}:\n${lines.join("")}${others}`;
}
