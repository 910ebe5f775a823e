import { z } from "zod";
import { asymmetricAlgorithms, hmacAlgorithms } from "./config.js";
import { parseDuration } from "./duration.js";
import { printValue } from "./value-text.js";

/** An issue whose message is the problem, with the fix beside it. */
const refuse = (ctx: z.RefinementCtx, problem: string, fix: string) => {
  ctx.addIssue({ code: "custom", message: problem, params: { fix } });
  return z.NEVER;
};

const duration = z.union([z.string(), z.number()]).transform((value, ctx): number => {
  const seconds = typeof value === "string" ? parseDuration(value) : undefined;
  const number =
    typeof value === "number" || /^\d+$/.test(value) ? `${value}s` : "24h, 90m or 3600s";
  return seconds ?? refuse(ctx, `${printValue(value)} is not a duration`, `Write ${number}`);
});
const text = z.string().min(1);
const list = z.array(text);
const jwt = z.strictObject({
  issuer: text,
  audience: z.union([text.transform((audience) => [audience]), list.min(1)]),
  algorithms: z
    .array(z.enum([...asymmetricAlgorithms, ...hmacAlgorithms]))
    .min(1)
    .optional(),
  jwksUrl: text.optional(),
  jwksFile: text.optional(),
  publicKeyFile: text.optional(),
  secretFile: text.optional(),
  clockTolerance: duration.optional(),
});
export const auth = z.strictObject({
  queryToken: z.boolean().optional(),
  jwt: z.array(jwt).optional(),
  connectorTokensFile: text.optional(),
  denyListFile: text.optional(),
});
export type AuthFileSection = z.infer<typeof auth>;
export type JwtFileEntry = z.infer<typeof jwt>;

/** The keys that may stand in each section, for suggestions. */
export const knownKeys: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    auth,
    "auth.jwt": jwt,
  }).map(([path, schema]) => [path, Object.keys(schema.shape)]),
);
