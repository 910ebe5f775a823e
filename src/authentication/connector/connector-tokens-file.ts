import { z } from "zod";
import { blameKey } from "../../config/bounded-file.js";
import { printKeyPath } from "../../config/key-path.js";
import { findNearName } from "../../config/near-name.js";
import { type ConfigProblem, throwIfAny } from "../../errors.js";
import type { FileParser, Files } from "../../files/files.js";
import { maxYamlBytes, parseYamlFile } from "../yaml-file.js";
import { type ConnectorTokenEntry, connectorNamePattern } from "./connector-token.js";

const configKey = "auth.connectorTokensFile";

const knownKeys = { file: ["tokens"], entry: ["name", "hash", "expires"] };
const entrySchema = z.strictObject({
  name: z.string().regex(connectorNamePattern),
  hash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/i)
    .toLowerCase(),
  expires: z.union([z.iso.datetime({ offset: true }), z.iso.date()]).optional(),
});
const fileSchema = z.strictObject({ tokens: z.array(entrySchema) });

const fixes: Readonly<Record<string, string>> = {
  tokens: "Write a list; `tokens: []` is an empty one",
  name: "Give each entry a name of 1 to 200 printable characters, in quotes if it looks like a number",
  hash: "Give each entry the hash that `ice-service token hash` prints: `sha256:` and 64 hex digits",
  expires: "Write a date and time as in 2030-01-31T12:00:00Z, or a date as in 2030-01-31",
};

/**
 * Reads a connector tokens file: YAML with `tokens`, a list of `name`, `hash` and optionally
 * `expires` (RFC 3339; a date alone ends the token as that day begins in UTC).
 *
 * @throws ConfigError with every problem found. Values are never repeated in it: somebody may have
 *   put a token where its hash belongs.
 */
export function readConnectorTokensFile(
  file: string,
  files: Files,
): readonly ConnectorTokenEntry[] {
  return blameKey(file, configKey, () => files.parse(file, connectorTokensParser));
}

const connectorTokensParser: FileParser<readonly ConnectorTokenEntry[]> = {
  name: "connector tokens",
  maxBytes: maxYamlBytes,
  parse: parseConnectorTokens,
  isValue: (value): value is readonly ConnectorTokenEntry[] =>
    Array.isArray(value) && value.every(isEntry),
};

function isEntry(value: unknown): value is ConnectorTokenEntry {
  return (
    value instanceof Object &&
    "name" in value &&
    typeof value.name === "string" &&
    "hash" in value &&
    typeof value.hash === "string" &&
    (!("expiresAtSeconds" in value) || typeof value.expiresAtSeconds === "number")
  );
}

function parseConnectorTokens(bytes: Uint8Array, file: string): readonly ConnectorTokenEntry[] {
  const content = parseYamlFile(bytes, file, configKey);
  const parsed = fileSchema.safeParse(content);
  if (!parsed.success) {
    throwIfAny(parsed.error.issues.flatMap((issue) => describeIssue(issue, content, file)));
    return [];
  }
  const { tokens } = parsed.data;
  throwIfAny([
    ...findRepeated(tokens.map(({ name }) => name)).map(({ index, firstIndex }) => ({
      key: configKey,
      problem: `tokens[${index}] in ${file} has the name of tokens[${firstIndex}]`,
      fix: "Give each entry a name of its own",
    })),
    ...findRepeated(tokens.map(({ hash }) => hash)).map(({ index, firstIndex }) => ({
      key: configKey,
      problem: `tokens[${index}] in ${file} has the hash of tokens[${firstIndex}]`,
      fix: "Give each name a token of its own, or remove one of the two entries",
    })),
  ]);
  return tokens.map(({ name, hash, expires }) => ({
    name,
    hash,
    ...(expires !== undefined && { expiresAtSeconds: Math.floor(Date.parse(expires) / 1000) }),
  }));
}

function describeIssue(issue: z.core.$ZodIssue, content: unknown, file: string): ConfigProblem[] {
  const where = `${printKeyPath(issue.path) || "the content"} in ${file}`;
  if (issue.code === "unrecognized_keys") {
    const known = issue.path.length === 0 ? knownKeys.file : knownKeys.entry;
    return issue.keys.map((unknownKey) => ({
      key: configKey,
      // A long one may be a token that was put in the wrong place.
      problem: `${where} has an unknown key${unknownKey.length <= 16 ? ` "${unknownKey}"` : ""}`,
      fix: suggestKey(unknownKey, known),
    }));
  }
  const value = issue.path.reduce<unknown>(
    (inner, part) => (inner instanceof Object ? Reflect.get(inner, part) : undefined),
    content,
  );
  const field = issue.path.findLast((part) => typeof part === "string") ?? "tokens";
  const fix = String(field) === "hash" ? fixHash(value) : fixes[String(field)];
  return [
    {
      key: configKey,
      problem: `${where} is ${value === undefined || value === null ? "missing" : "not valid"}`,
      fix: fix ?? "Correct it",
    },
  ];
}

function fixHash(value: unknown): string {
  const text = typeof value === "string" ? value : "";
  if (/^[0-9a-f]{64}$/i.test(text)) {
    return "Write `sha256:` in front of the hex digits";
  }
  return text !== "" && !text.toLowerCase().startsWith("sha256:")
    ? "It looks like a token itself: run `ice-service token hash` and put what it prints here"
    : (fixes["hash"] ?? "");
}

function suggestKey(unknownKey: string, known: readonly string[]): string {
  const near = findNearName(unknownKey, known);
  return near === undefined ? `Known here: ${known.join(", ")}` : `Did you mean "${near}"?`;
}

function findRepeated(values: readonly string[]): { index: number; firstIndex: number }[] {
  const firstIndexes = new Map<string, number>();
  return values.flatMap((value, index) => {
    const firstIndex = firstIndexes.get(value);
    if (firstIndex !== undefined) {
      return [{ index, firstIndex }];
    }
    firstIndexes.set(value, index);
    return [];
  });
}
