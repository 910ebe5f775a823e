import type { Command } from "commander";
import { findNearName } from "../config/near-name.js";

/** More slips of the finger in a word make another command. */
const maxSlips = 2;

/**
 * Says which command was probably meant, at every level. Commander alone passes an unknown command to
 * the default command, whose error is about too many arguments.
 *
 * @param words what may be a command, such as `["secrets", "new"]`
 * @returns the error message; undefined for a command, and for no words
 */
export function describeUnknownCommand(
  words: readonly string[],
  program: Command,
): string | undefined {
  const paths = listPaths(program);
  const written = words.join(" ");
  const command = paths.findLast((path) => written === path || written.startsWith(`${path} `));
  if (written === "" || command === written) {
    return undefined;
  }
  const meant = findMeant(words, paths).filter((path) => path !== command);
  const suggestion = meant.length === 0 ? "" : `\n(Did you mean ${meant.join(" or ")}?)`;
  return command === undefined || meant.length > 0
    ? `error: unknown command '${written}'${suggestion}`
    : `error: '${command}' takes no arguments, but got '${written.slice(command.length + 1)}'`;
}

/** Every command by its words, those of a group behind the group. */
function listPaths(command: Command, path = ""): string[] {
  return command.commands.flatMap((inner) => {
    const innerPath = path === "" ? inner.name() : `${path} ${inner.name()}`;
    return [innerPath, ...listPaths(inner, innerPath)];
  });
}

function isNear(words: readonly string[], names: readonly string[]): boolean {
  return (
    words.length === names.length &&
    names.every((name, index) => findNearName(words[index] ?? "", [name], maxSlips) !== undefined)
  );
}

/** Misspelled, the other way round, with more behind, or without the group. */
function findMeant(words: readonly string[], paths: readonly string[]): readonly string[] {
  const file = words.at(-1) ?? "";
  if (/\.(ya?ml|json)$|\//.test(file)) {
    return [`--config ${file}`];
  }
  const orders = [
    words,
    words.toReversed(),
    ...words.map((_, index) => words.slice(0, -index - 1)),
  ];
  for (const order of orders) {
    const candidates = paths.filter((path) => isNear(order, path.split(" ")));
    const near = findNearName(order.join(" "), candidates, order.join(" ").length);
    if (near !== undefined) {
      return [near];
    }
  }
  const last = words.at(-1) ?? "";
  return paths.filter((path) => {
    const [, inner] = path.split(" ");
    return inner !== undefined && findNearName(last, [inner], 1) !== undefined;
  });
}
