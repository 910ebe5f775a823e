import { z } from "zod";
import { asymmetricAlgorithms, hmacAlgorithms } from "./config.js";
import { parseDuration } from "./duration.js";
import { printValue } from "./value-text.js";

/** An issue whose message is the problem, with the fix beside it. */
const refuse = (ctx: z.RefinementCtx, problem: string, fix: string) => {
  ctx.addIssue({ code: "custom", message: problem, params: { fix } });
  return z.NEVER;
};

const checkRange = (
  value: number,
  given: string,
  min: number,
  max: number,
  ctx: z.RefinementCtx,
): number => {
  const fix = `Write a whole number from ${min} to ${max}`;
  if (value < min || value > max) {
    return refuse(ctx, `${given} is out of range (${min} to ${max})`, fix);
  }
  return Number.isInteger(value) ? value : refuse(ctx, `${given} is not a whole number`, fix);
};

const duration = z.union([z.string(), z.number()]).transform((value, ctx): number => {
  const seconds = typeof value === "string" ? parseDuration(value) : undefined;
  const number =
    typeof value === "number" || /^\d+$/.test(value) ? `${value}s` : "24h, 90m or 3600s";
  return seconds ?? refuse(ctx, `${printValue(value)} is not a duration`, `Write ${number}`);
});
const text = z.string().min(1);
const list = z.array(text);
/** A whole number in a range, both ends included. */
const wholeNumber = (min: number, max: number) =>
  z.number().transform((value, ctx) => checkRange(value, String(value), min, max, ctx));
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
const weightedUrl = z.strictObject({ url: text, weight: wholeNumber(1, 1000).optional() });
const region = z.strictObject({
  urls: z
    .array(
      z.preprocess((value) => (typeof value === "string" ? { url: value } : value), weightedUrl),
    )
    .max(100),
  stunUrls: list.optional(),
  secretFiles: list.optional(),
  name: text.optional(),
});
const regionFrom = z.strictObject({
  header: z
    .string()
    .transform((name, ctx) =>
      /^[\w!#$%&'*+.^`|~-]+$/.test(name)
        ? name
        : refuse(
            ctx,
            `${printValue(name)} is not a header name`,
            "Write a name such as CF-IPCountry",
          ),
    )
    .optional(),
  database: text.optional(),
  map: z.record(text, text).optional(),
  continents: z.record(text, text).optional(),
});
const smallCount = wholeNumber(1, 100);
const probe = z.strictObject({
  interval: duration.optional(),
  timeout: duration.optional(),
  failures: smallCount.optional(),
  successes: smallCount.optional(),
  concurrency: smallCount.optional(),
});
const turn = z.strictObject({
  urls: list.optional(),
  regions: z.record(z.string(), region).optional(),
  defaultRegion: text.optional(),
  serversPerAnswer: wholeNumber(1, 1000).optional(),
  regionFrom: regionFrom.optional(),
  secretFiles: list.optional(),
  ttl: duration.optional(),
  minTtl: duration.optional(),
  identity: z.enum(["static", "subject", "pseudonym"]).optional(),
  pseudonymKeyFile: text.optional(),
  name: text.optional(),
  capAtTokenExpiry: z.boolean().optional(),
  probe: probe.optional(),
});
const watch = z.strictObject({ repeat: duration.optional() });
export const ice = z.strictObject({
  stunUrls: list.optional(),
  turn: turn.optional(),
  watch: watch.optional(),
});
export type AuthFileSection = z.infer<typeof auth>;
export type IceFileSection = z.infer<typeof ice>;
export type JwtFileEntry = z.infer<typeof jwt>;
export type TurnFileSection = z.infer<typeof turn>;
export type ProbeFileSection = z.infer<typeof probe>;
export type RegionFileEntry = z.infer<typeof region>;
export type RegionFromFileEntry = z.infer<typeof regionFrom>;

/** The keys that may stand in each section, for suggestions. */
export const knownKeys: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    auth,
    "auth.jwt": jwt,
    ice,
    "ice.turn": turn,
    "ice.turn.regions.*": region,
    "ice.turn.regions.*.urls": weightedUrl,
    "ice.turn.regionFrom": regionFrom,
    "ice.turn.probe": probe,
    "ice.watch": watch,
  }).map(([path, schema]) => [path, Object.keys(schema.shape)]),
);
