import { z } from "zod";
import { blameKey } from "../config/bounded-file.js";
import { ConfigError } from "../errors.js";
import type { FileParser, Files } from "../files/files.js";
import { maxYamlBytes, parseYamlFile } from "./yaml-file.js";

const configKey = "auth.denyListFile";

const text = z.string().min(1);
const entrySchema = z.union([
  z.strictObject({ jti: text, issuer: text.optional() }),
  z.strictObject({ subject: text, issuer: text.optional() }),
]);
const fileSchema = z.strictObject({ deny: z.array(entrySchema) });

/** What a deny list looks at. */
export interface DeniableToken {
  readonly issuer: string;
  readonly subject: string;
  /** The token's `jti`, undefined where it has none. */
  readonly id: string | undefined;
}

/** Tells whether a token was revoked, by itself or with all tokens of its subject. */
export type DenyList = (token: DeniableToken) => boolean;

export const denyNothing: DenyList = () => false;

/**
 * Reads a deny list: YAML with `deny`, a list of entries that have a `jti` or a `subject` each, and
 * optionally the `issuer` without which they count for all issuers.
 *
 * @throws ConfigError when the file cannot be read or is something else
 */
export function readDenyListFile(file: string, files: Files): DenyList {
  const denied = new Set(blameKey(file, configKey, () => files.parse(file, denyListParser)));
  return ({ issuer, subject, id }) =>
    denied.has(keyOf("subject", subject)) ||
    denied.has(keyOf("subject", subject, issuer)) ||
    (id !== undefined && (denied.has(keyOf("jti", id)) || denied.has(keyOf("jti", id, issuer))));
}

/** Makes the {@link keyOf} of each entry. */
const denyListParser: FileParser<readonly string[]> = {
  name: "deny list",
  maxBytes: maxYamlBytes,
  parse: parseDenyList,
  isValue: (value): value is readonly string[] =>
    Array.isArray(value) && value.every((key) => typeof key === "string"),
};

function parseDenyList(bytes: Uint8Array, file: string): readonly string[] {
  const parsed = fileSchema.safeParse(parseYamlFile(bytes, file, configKey));
  if (!parsed.success) {
    const [index] = parsed.error.issues[0]?.path.filter((part) => typeof part === "number") ?? [];
    return refuse(
      index === undefined
        ? `${file} holds no list named deny`
        : `deny[${index}] in ${file} is not valid`,
    );
  }
  return parsed.data.deny.map((entry) =>
    "jti" in entry
      ? keyOf("jti", entry.jti, entry.issuer)
      : keyOf("subject", entry.subject, entry.issuer),
  );
}

function keyOf(kind: "jti" | "subject", value: string, issuer = ""): string {
  return JSON.stringify([kind, value, issuer]);
}

function refuse(problem: string): never {
  const fix =
    'Write entries such as `deny: [{ jti: "…" }, { subject: "…", issuer: "…" }]`; numbers need quotes';
  throw new ConfigError([{ key: configKey, problem, fix }]);
}
