import { duration } from "../config/duration.js";
import { key, optionalKey, requiredKey } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import { wholeNumber } from "../config/scalars.js";
import { section } from "../config/section.js";
import { redisSection } from "./redis-config.js";

const rateLimit = section({
  requests: requiredKey(wholeNumber(1, 1_000_000), { example: 600, help: "How many." }),
  window: requiredKey(duration({ min: "1s", max: "24h", fix: "Write 60s, for example" }), {
    example: "60s",
    help: "In what time.",
  }),
});
const watchCount = wholeNumber(0, 1_000_000);

/** What callers and strangers may use. */
export const limitsSection = checked(
  section({
    watches: key(watchCount, {
      default: 10_000,
      help: "Watches open at a time in this process (with --workers in each). More are rejected with RESOURCE_EXHAUSTED, over REST 429. 0 allows none.",
    }),
    watchesPerCaller: key(watchCount, {
      default: 100,
      help: "Of these, for one caller (a JWT's subject or a connector token), or for one user that a backend names.",
    }),
    healthWatches: key(watchCount, {
      default: 1000,
      help: "Streams of grpc.health.v1.Health/Watch open at a time in this process (with --workers in each). They need no token. A connection can have 8 of them. More are rejected with RESOURCE_EXHAUSTED. 0 allows none.",
    }),
    caller: optionalKey(rateLimit, {
      example: { requests: 600, window: "60s" },
      help: "For each caller: issuer and subject, or the connector's name.",
    }),
    user: optionalKey(rateLimit, {
      example: { requests: 60, window: "60s" },
      help: "For each user that a backend names (see docs/end-users.md), and for each caller that names none.",
    }),
    failedAuthentication: optionalKey(rateLimit, {
      example: { requests: 30, window: "60s" },
      help: "For each client address (IPv6: each /64): rejected tokens. Known tokens are still accepted.",
    }),
    redis: optionalKey(redisSection, {
      help: "Redis or Valkey, where instances and workers count together. Without it, and while it fails, each process counts by itself.",
    }),
  }),
  (limits, place) => {
    if (limits.redis && !limits.caller && !limits.user && !limits.failedAuthentication) {
      place.warn("limits.redis is configured, but no limit: it is not used");
    }
    return limits;
  },
);

export type LimitsConfig = ValueOf<typeof limitsSection>;
export type RateLimitConfig = ValueOf<typeof rateLimit>;
