import { z } from "zod";
import { asymmetricAlgorithms, hmacAlgorithms } from "./config.js";
import { parseDuration } from "./duration.js";

/** An issue whose message is the problem, with the fix beside it. */
const refuse = (ctx: z.RefinementCtx, problem: string, fix: string) => {
  ctx.addIssue({ code: "custom", message: problem, params: { fix } });
  return z.NEVER;
};

const duration = z.union([z.string(), z.number()]).transform((value, ctx): number => {
  const seconds = typeof value === "string" ? parseDuration(value) : undefined;
  const number =
    typeof value === "number" || /^\d+$/.test(value) ? `${value}s` : "24h, 90m or 3600s";
  return seconds ?? refuse(ctx, "is not a duration", `Write ${number}`);
});
const text = z.string().min(1);
const list = z.array(text);
const port = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.int().min(0).max(65535));

const tls = z.strictObject({ certFile: text, keyFile: text, clientCaFile: text.optional() });
const listen = z.strictObject({
  host: text.optional(),
  port: port.optional(),
  maxConnections: z.int().min(1).max(1_000_000).optional(),
  tls: tls.optional(),
});
const cors = z.strictObject({ allowedOrigins: list.optional() });
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
const auth = z.strictObject({
  queryToken: z.boolean().optional(),
  jwt: z.array(jwt).optional(),
  connectorTokensFile: text.optional(),
  denyListFile: text.optional(),
});
const turn = z.strictObject({
  urls: list.optional(),
  secretFiles: list.optional(),
  ttl: duration.optional(),
  minTtl: duration.optional(),
  identity: z.enum(["static", "subject", "pseudonym"]).optional(),
  name: text.optional(),
  capAtTokenExpiry: z.boolean().optional(),
});
const ice = z.strictObject({ stunUrls: list.optional(), turn: turn.optional() });
const watchCount = z.int().min(0).max(1_000_000);
const limits = z.strictObject({
  watches: watchCount.optional(),
  watchesPerCaller: watchCount.optional(),
});
const log = z.strictObject({
  level: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).optional(),
  format: z.enum(["json", "pretty"]).optional(),
});
const shutdown = z.strictObject({ delay: duration.optional(), timeout: duration.optional() });

/** The configuration file's shape; what its values mean together is checked afterwards. */
export const fileSchema = z.strictObject({
  listen: listen.optional(),
  cors: cors.optional(),
  auth: auth.optional(),
  ice: ice.optional(),
  limits: limits.optional(),
  reflection: z.boolean().optional(),
  log: log.optional(),
  shutdown: shutdown.optional(),
});

export type ConfigFile = z.infer<typeof fileSchema>;
export type JwtFileEntry = z.infer<typeof jwt>;

/** The keys that may stand in each section, for suggestions. */
export const knownKeys: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    "": fileSchema,
    listen,
    "listen.tls": tls,
    cors,
    auth,
    "auth.jwt": jwt,
    ice,
    "ice.turn": turn,
    limits,
    log,
    shutdown,
  }).map(([path, schema]) => [path, Object.keys(schema.shape)]),
);
