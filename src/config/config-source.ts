import type { z } from "zod";
import { ConfigError, type ConfigProblem, throwIfAny } from "../errors.js";
import type { Files } from "../files/files.js";
import { describeReadFailure } from "../files/read-failure.js";
import { configFileParser } from "./config-file.js";
import type { Overlay } from "./environment.js";
import { type ConfigFile, fileSchema, knownKeys } from "./file-schema.js";
import { type KeyPath, printKeyPath } from "./key-path.js";
import { findNearName } from "./near-name.js";

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
  throwIfAny(issues.flatMap((issue) => describeIssue(issue, nameKey)));
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

function describeIssue(issue: z.core.$ZodIssue, nameKey: NameKey): ConfigProblem[] {
  const key = nameKey(issue.path);
  const sample = `See ${printKeyPath(issue.path)} in config-sample.yaml`;
  switch (issue.code) {
    case "unrecognized_keys": {
      const section = issue.path.filter((part) => typeof part === "string").join(".");
      const known = knownKeys[section.replace(/(?<=\.regions\.)[^.]+/, "*")] ?? [];
      return issue.keys.map((unknown) => ({
        key: nameKey([...issue.path, unknown]),
        problem: "is no known key",
        fix: suggest(unknown, known),
      }));
    }
    case "custom":
      return [{ key, problem: issue.message, fix: String(issue.params?.["fix"] ?? sample) }];
    case "invalid_value": {
      const known = issue.values.map(String);
      return [
        {
          key,
          problem: "has a value that is not known",
          fix: suggest(String(issue.input ?? ""), known),
        },
      ];
    }
    case "invalid_type":
      return [
        {
          key,
          problem: issue.message.endsWith("received undefined")
            ? "is missing"
            : `is not of the type ${issue.expected}`,
          fix: sample,
        },
      ];
    case "invalid_union": {
      // Of a section that may also be switched off: what is wrong within it.
      const within =
        issue.errors.find((issues) => issues.some(({ path }) => path.length > 0)) ?? [];
      return within.length === 0
        ? [{ key, problem: "has a value of a wrong kind", fix: sample }]
        : within.flatMap((inner) =>
            describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, nameKey),
          );
    }
    default:
      return [{ key, problem: `is not valid (${issue.message})`, fix: sample }];
  }
}

function suggest(given: string, known: readonly string[]): string {
  const near = findNearName(given, known);
  return near === undefined ? `Known are: ${known.join(", ")}` : `Did you mean ${near}?`;
}
