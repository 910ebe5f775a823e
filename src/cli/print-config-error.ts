import type { ConfigError, ConfigProblem } from "../errors.js";

/** Every problem as `key: problem`, each with its fix on a line of its own. */
export function printConfigError({ problems, omittedCount }: ConfigError): string {
  const what = describeFailure(problems);
  const lines = problems.map(({ key, problem, fix }) => `  ${key}: ${problem}\n    → ${fix}\n`);
  const others = omittedCount > 0 ? `  and ${omittedCount} more\n` : "";
  return `${what}:\n${lines.join("")}${others}`;
}

function describeFailure(problems: readonly ConfigProblem[]): string {
  if (problems.every(({ key }) => key.startsWith("--"))) {
    return "The command cannot be carried out";
  }
  return problems.every(({ isAddressFailure }) => isAddressFailure === true)
    ? "The service cannot start"
    : "The configuration cannot be used";
}
