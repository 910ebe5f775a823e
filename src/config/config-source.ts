import { ConfigError, throwIfAny } from "../errors.js";
import type { Files } from "../files/files.js";
import { describeReadFailure } from "../files/read-failure.js";
import { configFileParser } from "./config-file.js";
import type { Overlay } from "./environment.js";
import { type ConfigFile, fileSchema } from "./file-schema.js";
import { type KeyPath, printKeyPath } from "./key-path.js";
import { describeIssue } from "./schema-problem.js";

/** Names a key as its author wrote it: by the variable it came from, else by its path in the file. */
export type NameKey = (path: KeyPath) => string;

export interface ConfigSource {
  readonly content: ConfigFile;
  readonly nameKey: NameKey;
  readonly fromEnvironment: (path: KeyPath) => boolean;
}

/**
 * Reads the configuration file, if any, and lays the variables over it.
 * @throws ConfigError with every problem of the file's shape
 */
export function readConfigSource(
  file: string | undefined,
  overlay: Overlay,
  files: Files,
): ConfigSource {
  const raw = file === undefined ? {} : parseFile(file, files);
  const variableOf = new Map(overlay.entries.map(({ path, name }) => [path.join("."), name]));
  if (overlay.entries.some(({ path }) => path[1] === "jwt")) {
    assign(raw, ["auth", "jwt"], [{}]);
  }
  for (const { path, value } of overlay.entries) {
    assign(raw, path, value);
  }
  const findVariable = (path: KeyPath) =>
    path
      .map((_, index) => variableOf.get(path.slice(0, index + 1).join(".")))
      .findLast((name) => name !== undefined);
  const nameKey: NameKey = (path) => findVariable(path) ?? printKeyPath(path);

  const checked = fileSchema.safeParse(raw);
  if (checked.success) {
    return {
      content: checked.data,
      nameKey,
      fromEnvironment: (path) => findVariable(path) !== undefined,
    };
  }
  const { issues } = checked.error;
  throwIfAny(issues.flatMap((issue) => describeIssue(issue, raw, nameKey)));
  throw new ConfigError([{ key: "the file", problem: "is not valid", fix: "Correct it" }]);
}

function parseFile(file: string, files: Files): Record<string, unknown> {
  try {
    return files.parse(file, configFileParser);
  } catch (error) {
    if (error instanceof ConfigError) {
      throw error;
    }
    const failure = describeReadFailure(error);
    const fix =
      failure.transientCode === undefined
        ? "Give the path of a YAML file with --config or ICE_CONFIG"
        : failure.fix;
    throw new ConfigError([{ key: file, ...failure, fix }]);
  }
}

function assign(root: Record<string, unknown>, path: KeyPath, value: unknown): void {
  let parent: object = root;
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
