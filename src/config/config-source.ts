import { ConfigError } from "../errors.js";
import type { Files } from "../files/files.js";
import { describeReadFailure } from "../files/read-failure.js";
import { configFileParser } from "./config-file.js";
import type { VariableEntry } from "./environment.js";
import { findValue, type KeyPath, printKeyPath } from "./key-path.js";

/** The written values: those of the configuration file, overridden by variables. */
export interface ConfigSource {
  readonly content: unknown;
  /** Values that are overridden without need. */
  readonly warnings: readonly string[];
  /** The variable that set a key, or one that contains it. */
  readonly findVariable: (path: KeyPath) => string | undefined;
}

/**
 * Reads the configuration file, if any, and applies the variables.
 *
 * @throws ConfigError when the file is not YAML
 */
export function readConfigSource(
  file: string | undefined,
  entries: readonly VariableEntry[],
  files: Files,
): ConfigSource {
  const content = file === undefined ? {} : parseFile(file, files);
  const variableOf = new Map(entries.map(({ path, name }) => [printKeyPath(path), name]));
  const warnings = replaceLists(content, entries);
  for (const { path, value } of entries) {
    assign(content, path, value);
  }
  return {
    content,
    warnings,
    findVariable: (path) =>
      path
        .map((_, index) => variableOf.get(printKeyPath(path.slice(0, index + 1))))
        .findLast((name) => name !== undefined),
  };
}

function parseFile(file: string, files: Files): Record<string, unknown> {
  try {
    return files.parse(file, configFileParser);
  } catch (error) {
    if (error instanceof ConfigError) {
      throw error;
    }
    const { problem, fix, transientCode, isNameWrong } = describeReadFailure(error);
    throw new ConfigError([
      {
        key: file,
        problem,
        fix: isNameWrong ? "Give the path of a YAML file with --config or ICE_CONFIG" : fix,
        transientCode,
      },
    ]);
  }
}

/**
 * Variables make one entry of a list, which replaces those of the file.
 *
 * @returns a warning for each list of the file that is replaced
 */
function replaceLists(content: object, entries: readonly VariableEntry[]): string[] {
  const lists = new Map<string, { readonly path: KeyPath; readonly variables: string[] }>();
  for (const { path, name } of entries.filter((entry) => entry.path.includes(0))) {
    const listPath = path.slice(0, path.indexOf(0));
    const list = lists.get(printKeyPath(listPath)) ?? { path: listPath, variables: [] };
    list.variables.push(name);
    lists.set(printKeyPath(listPath), list);
  }
  return [...lists].flatMap(([key, { path, variables }]) => {
    const lost = findValue(content, path);
    assign(content, path, [{}]);
    return Array.isArray(lost) && lost.length > 0
      ? [
          `${variables.join(", ")} make the only entry of ${key}, and ${key} of the file (${lost.length} ${lost.length === 1 ? "entry" : "entries"}) is not used; remove one of the two`,
        ]
      : [];
  });
}

function assign(root: object, path: KeyPath, value: unknown): void {
  let parent = root;
  for (const part of path.slice(0, -1)) {
    const child: unknown = Reflect.get(parent, part);
    if (typeof child === "object" && child !== null) {
      parent = child;
    } else {
      const created = {};
      Reflect.set(parent, part, created);
      parent = created;
    }
  }
  Reflect.set(parent, path.at(-1) ?? "", value);
}
