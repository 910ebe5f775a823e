import type { z } from "zod";
import type { ConfigProblem } from "../errors.js";
import { knownKeys } from "./file-schema.js";
import { type KeyPath, printKeyPath } from "./key-path.js";
import { findNearName } from "./near-name.js";
import { describeWrongKind, printValue } from "./value-text.js";

/**
 * Says what is wrong where the configuration does not have the shape of the schema.
 *
 * @param raw the whole configuration, as it was written
 * @param nameKey names the key as its author wrote it
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  raw: unknown,
  nameKey: (path: KeyPath) => string,
): ConfigProblem[] {
  const key = nameKey(issue.path);
  const value = findValue(raw, issue.path);
  const sample = `See ${printKeyPath(issue.path)} in config-sample.yaml`;
  switch (issue.code) {
    case "unrecognized_keys": {
      const section = issue.path.filter((part) => typeof part === "string").join(".");
      const known = knownKeys[section.replace(/(?<=\.regions\.)[^.]+/, "*")] ?? [];
      return issue.keys.map((unknown) => ({
        key: nameKey([...issue.path, unknown]),
        problem: "unknown key",
        fix: suggest(unknown, known),
      }));
    }
    case "custom":
      return [{ key, problem: issue.message, fix: String(issue.params?.["fix"] ?? sample) }];
    case "invalid_value": {
      const problem =
        typeof value === "string"
          ? `${printValue(value)} is not a known value`
          : describeWrongKind(issue.path, value, ["string"]);
      return [{ key, problem, fix: suggest(String(value), issue.values.map(String)) }];
    }
    case "invalid_type": {
      const problem =
        value === undefined ? "is missing" : describeWrongKind(issue.path, value, [issue.expected]);
      return [{ key, problem, fix: sample }];
    }
    case "invalid_union": {
      // Of a section that may also be switched off: what is wrong within it.
      const within =
        issue.errors.find((issues) => issues.some(({ path }) => path.length > 0)) ?? [];
      return within.length === 0
        ? [{ key, problem: describeUnion(issue, value), fix: sample }]
        : within.flatMap((inner) =>
            describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, raw, nameKey),
          );
    }
    case "too_small":
      return [{ key, problem: "is empty", fix: sample }];
    case "too_big":
      return [
        {
          key,
          problem: `is longer than ${issue.maximum} ${issue.origin === "string" ? "characters" : "entries"}`,
          fix: sample,
        },
      ];
    default:
      return [{ key, problem: `is not valid (${issue.message})`, fix: sample }];
  }
}

function describeUnion({ path, errors }: z.core.$ZodIssueInvalidUnion, value: unknown): string {
  if (value === "" || (Array.isArray(value) && value.length === 0)) {
    return "is empty";
  }
  const expected = errors.flat().flatMap((issue) => {
    if (issue.code === "invalid_value") {
      return issue.values.map(String);
    }
    return issue.code === "invalid_type" ? [issue.expected] : [];
  });
  return value === undefined ? "is missing" : describeWrongKind(path, value, expected);
}

/** @returns undefined where the path leads to nothing */
function findValue(raw: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (parent, part) =>
      typeof parent === "object" && parent !== null && Object.hasOwn(parent, part)
        ? Reflect.get(parent, part)
        : undefined,
    raw,
  );
}

function suggest(given: string, known: readonly string[]): string {
  const near = findNearName(given, known);
  return near === undefined ? `Use one of: ${known.join(", ")}` : `Did you mean ${near}?`;
}
