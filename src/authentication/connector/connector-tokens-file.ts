import { z } from "zod";
import { blameKey } from "../../config/bounded-file.js";
import { findTextFlaw } from "../../config/free-text.js";
import { printKeyPath } from "../../config/key-path.js";
import { findNearName } from "../../config/near-name.js";
import { ProblemCollection } from "../../config/problem-collection.js";
import { isRecord } from "../../config/value-text.js";
import { ConfigError, type ConfigProblem } from "../../errors.js";
import type { FileParser, Files } from "../../files/files.js";
import { parseYamlFile } from "../yaml-file.js";
import { ConnectorTable, encodeConnectorTable } from "./connector-table.js";
import {
  type ConnectorTokenEntry,
  isConnectorName,
  looksLikeConnectorToken,
} from "./connector-token.js";

const configKey = "auth.connectorTokensFile";

const knownKeys = { file: ["tokens"], entry: ["name", "hash", "expires", "mayNameUsers"] };
// `tokens:` alone is what remains when somebody removes the last entry.
const fileSchema = z.strictObject({ tokens: z.array(z.unknown()).nullable() });
const entrySchema = z.strictObject({
  name: z.string().refine(isConnectorName),
  hash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/i)
    .toLowerCase(),
  expires: z.union([z.iso.datetime({ offset: true }), z.iso.date()]).optional(),
  mayNameUsers: z.boolean().optional(),
});

const fixes: Readonly<Record<string, string>> = {
  tokens: "Write a list; `tokens: []` is an empty one",
  name: "Give each entry a name of 1 to 200 printable characters, in quotes if it looks like a number",
  hash: "Give each entry the hash that `ice-service token hash` prints: `sha256:` and 64 hex digits",
  expires: "Write a date and time as in 2030-01-31T12:00:00Z, or a date as in 2030-01-31",
  mayNameUsers: "Write true or false, without quotes",
};

/**
 * Reads a connector tokens file: YAML with `tokens`, a list of `name`, `hash`, and optionally `expires`
 * (RFC 3339; a date alone is the start of that day in UTC) and `mayNameUsers`.
 *
 * @throws ConfigError with every problem. It repeats no values, because somebody may have written a
 *   token in place of its hash.
 */
export function readConnectorTokensFile(file: string, files: Files): ConnectorTable {
  return blameKey(file, configKey, () => files.parse(file, connectorTokensParser));
}

const connectorTokensParser: FileParser<ConnectorTable> = {
  name: "connector tokens",
  maxBytes: 32 * 1024 * 1024,
  parse: (bytes, file) => encodeConnectorTable(parseConnectorTokens(bytes, file)),
  open: (parsed) => new ConnectorTable(parsed),
};

/**
 * The entries of a connector tokens file, with hashes in lower case.
 * @throws ConfigError as {@link readConnectorTokensFile} does
 */
export function parseConnectorTokens(
  bytes: Uint8Array,
  file: string,
): readonly ConnectorTokenEntry[] {
  const content = parseContent(bytes, file);
  const problems = new ProblemCollection();
  const refuse = (issues: readonly z.core.$ZodIssue[], place: readonly PropertyKey[]) => {
    for (const issue of issues) {
      const path = [...place, ...issue.path];
      for (const problem of describeIssue({ ...issue, path }, content, file)) {
        problems.add(problem);
      }
    }
  };
  const checked = fileSchema.safeParse(content);
  if (!checked.success) {
    refuse(checked.error.issues, []);
  }
  const list = isRecord(content) ? content["tokens"] : undefined;
  const entries: ConnectorTokenEntry[] = [];
  for (const [index, item] of (Array.isArray(list) ? list : []).entries()) {
    const { data, error } = entrySchema.safeParse(item);
    if (data === undefined) {
      refuse(error.issues, ["tokens", index]);
    } else {
      entries.push(toEntry(data));
    }
  }
  problems.throwIfAny();
  refuseRepeated(entries, file, problems);
  problems.throwIfAny();
  return entries;
}

/** Reports a token in the file, such as in the whole output of `token new`, instead of the errors in YAML that it causes. */
function parseContent(bytes: Uint8Array, file: string): unknown {
  let content: unknown;
  try {
    content = parseYamlFile(bytes, file, { key: configKey, list: "tokens" });
  } catch (error) {
    refuseToken(bytes, file);
    throw error;
  }
  if (!isRecord(content)) {
    refuseToken(bytes, file);
  }
  return content;
}

function refuseToken(bytes: Uint8Array, file: string): void {
  const lines = Buffer.from(bytes).toString("latin1").split(/\r?\n/);
  const index = lines.findIndex(looksLikeConnectorToken);
  if (index >= 0) {
    throw new ConfigError([
      {
        key: configKey,
        problem: `line ${index + 1} of ${file} is a token itself`,
        fix: "Keep the token elsewhere, and save only what `ice-service token new` prints from `tokens:` on",
      },
    ]);
  }
}

function toEntry({
  name,
  hash,
  expires,
  mayNameUsers,
}: z.output<typeof entrySchema>): ConnectorTokenEntry {
  return {
    name,
    hash,
    ...(expires !== undefined && { expiresAtSeconds: Math.floor(Date.parse(expires) / 1000) }),
    ...(mayNameUsers !== undefined && { mayNameUsers }),
  };
}

function refuseRepeated(
  entries: readonly ConnectorTokenEntry[],
  file: string,
  problems: ProblemCollection,
): void {
  const fixes = {
    name: "Give each entry a name of its own",
    hash: "Give each name a token of its own, or remove one of the two entries",
  };
  for (const field of ["name", "hash"] as const) {
    const firstIndexes = new Map<string, number>();
    for (const [index, entry] of entries.entries()) {
      const firstIndex = firstIndexes.get(entry[field]);
      if (firstIndex === undefined) {
        firstIndexes.set(entry[field], index);
      } else {
        const problem = `tokens[${index}] in ${file} has the ${field} of tokens[${firstIndex}]`;
        problems.add({ key: configKey, problem, fix: fixes[field] });
      }
    }
  }
}

function describeIssue(issue: z.core.$ZodIssue, content: unknown, file: string): ConfigProblem[] {
  const where = `${printKeyPath(issue.path) || "the content"} in ${file}`;
  if (issue.code === "unrecognized_keys") {
    const known = issue.path.length === 0 ? knownKeys.file : knownKeys.entry;
    return issue.keys.map((unknownKey) => ({
      key: configKey,
      // A long name may be a misplaced token.
      problem: `${where} has an unknown key${unknownKey.length <= 16 ? ` "${unknownKey}"` : ""}`,
      fix: suggestKey(unknownKey, known),
    }));
  }
  const value = issue.path.reduce<unknown>(
    (inner, part) => (inner instanceof Object ? Reflect.get(inner, part) : undefined),
    content,
  );
  const field = issue.path.findLast((part) => typeof part === "string") ?? "tokens";
  const flaw = typeof value === "string" && value !== "" ? findTextFlaw(value) : undefined;
  if (flaw !== undefined) {
    return [{ key: configKey, problem: `${where} ${flaw.problem}`, fix: flaw.fix }];
  }
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
