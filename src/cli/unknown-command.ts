import type { Command } from "commander";
import { findNearName } from "../config/near-name.js";

/**
 * Finds a first argument that is neither an option nor a command. Commander would pass it to the
 * default command, whose error would be about too many arguments.
 *
 * @param argv as process.argv
 * @returns the error message, or undefined
 */
export function findUnknownCommand(program: Command, argv: readonly string[]): string | undefined {
  const name = argv[2];
  const known = [...program.commands.map((command) => command.name()), "help"];
  if (name === undefined || name.startsWith("-") || known.includes(name)) {
    return undefined;
  }
  const near = findNearName(name, known);
  const suggestion = near === undefined ? "" : `\n(Did you mean ${near}?)`;
  return `error: unknown command '${name}'${suggestion}`;
}
