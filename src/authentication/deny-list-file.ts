import { hash } from "node:crypto";
import { z } from "zod";
import { blameKey } from "../config/bounded-file.js";
import { findTextFlaw } from "../config/free-text.js";
import { ConfigError } from "../errors.js";
import type { FileParser, Files } from "../files/files.js";
import { DigestTable, sortDigests } from "./digest-table.js";
import { parseYamlFile } from "./yaml-file.js";

const configKey = "auth.denyListFile";

const text = z.string().min(1);
const entrySchema = z.union([
  z.strictObject({ jti: text, issuer: text.optional() }),
  z.strictObject({ subject: text, issuer: text.optional() }),
]);
// `deny:` alone is what remains when somebody removes the last entry.
const fileSchema = z.strictObject({
  deny: z
    .array(entrySchema)
    .nullable()
    .transform((entries) => entries ?? []),
});

/** What a deny list looks at. */
export interface DeniableToken {
  readonly issuer: string;
  readonly subject: string;
  /** The token's `jti`, undefined where it has none. */
  readonly id: string | undefined;
}

/** Finds whether a token was revoked, by itself or with all tokens of its subject. */
export type DenyList = (token: DeniableToken) => boolean;

export const denyNothing: DenyList = () => false;

/**
 * Reads a deny list: YAML with `deny`, a list of entries that have a `jti` or a `subject` each, and
 * optionally the `issuer` without which they count for all issuers.
 *
 * @throws ConfigError when the file cannot be read or is something else
 */
export function readDenyListFile(file: string, files: Files): DenyList {
  const denied = blameKey(file, configKey, () => files.parse(file, denyListParser));
  const has = (...entry: Parameters<typeof digestEntry>) =>
    denied.find(digestEntry(...entry)) !== -1;
  return ({ issuer, subject, id }) =>
    has("subject", subject) ||
    has("subject", subject, issuer) ||
    (id !== undefined && (has("jti", id) || has("jti", id, issuer)));
}

/** Makes the {@link digestEntry} of each entry. */
const denyListParser: FileParser<DigestTable> = {
  name: "deny list",
  maxBytes: 4 * 1024 * 1024,
  parse: (bytes, file) => sortDigests(parseDenyList(bytes, file)).bytes,
  open: (parsed) => new DigestTable(parsed),
};

function parseDenyList(bytes: Uint8Array, file: string): string[] {
  const parsed = fileSchema.safeParse(parseYamlFile(bytes, file, { key: configKey, list: "deny" }));
  if (!parsed.success) {
    const [index] = parsed.error.issues[0]?.path.filter((part) => typeof part === "number") ?? [];
    return refuse(
      index === undefined
        ? `${file} contains no list named deny`
        : `deny[${index}] in ${file} is not valid`,
    );
  }
  refuseFlawedIssuers(parsed.data, file);
  return parsed.data.deny.map((entry) =>
    "jti" in entry
      ? digestEntry("jti", entry.jti, entry.issuer)
      : digestEntry("subject", entry.subject, entry.issuer),
  );
}

/** They are compared with those of the configuration. Subjects and IDs are what tokens say, whatever it is. */
function refuseFlawedIssuers({ deny }: z.output<typeof fileSchema>, file: string): void {
  for (const [index, { issuer = "" }] of deny.entries()) {
    const flaw = issuer === "" ? undefined : findTextFlaw(issuer);
    if (flaw !== undefined) {
      refuse(`deny[${index}].issuer in ${file} ${flaw.problem}`, flaw.fix);
    }
  }
}

function digestEntry(kind: "jti" | "subject", value: string, issuer = ""): string {
  return hash("sha256", JSON.stringify([kind, value, issuer]));
}

function refuse(
  problem: string,
  fix = 'Write entries such as `deny: [{ jti: "…" }, { subject: "…", issuer: "…" }]`; numbers need quotes',
): never {
  throw new ConfigError([{ key: configKey, problem, fix }]);
}
