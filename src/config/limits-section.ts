import { createSecretKey, type KeyObject } from "node:crypto";
import { hasReadableCredentials } from "../database-url.js";
import type { LimitsConfig, RateLimitConfig, RedisConfig } from "./config.js";
import type { ConfigFile } from "./file-schema.js";
import type { ProblemList } from "./problem-list.js";
import type { SectionContext } from "./section-context.js";

const longestWindowSeconds = 24 * 3600;
const defaultKeyPrefix = "ice-service:";
const example = "redis://redis.example.com:6379";

type LimitsSection = NonNullable<ConfigFile["limits"]>;

/** Builds the `limits` section; what is wrong with it joins the problems. */
export function buildLimits(
  limits: ConfigFile["limits"] = {},
  context: SectionContext,
): LimitsConfig {
  const caller = buildLimit("caller", limits, context.problems);
  const failedAuthentication = buildLimit("failedAuthentication", limits, context.problems);
  const redis = limits.redis && buildRedis(limits.redis, context);
  if (limits.redis !== undefined && !limits.caller && !limits.failedAuthentication) {
    context.warn("limits.redis is configured, but no limit: it is not used");
  }
  return {
    watches: limits.watches ?? 10_000,
    watchesPerCaller: limits.watchesPerCaller ?? 100,
    healthWatches: limits.healthWatches ?? 1000,
    ...(caller && { caller }),
    ...(failedAuthentication && { failedAuthentication }),
    ...(redis && { redis }),
  };
}

function buildLimit(
  name: "caller" | "failedAuthentication",
  limits: LimitsSection,
  problems: ProblemList,
): RateLimitConfig | undefined {
  const limit = limits[name];
  if (limit === undefined) {
    return undefined;
  }
  const { requests, window } = limit;
  if (window < 1 || window > longestWindowSeconds) {
    problems.add(["limits", name, "window"], "is not between 1s and 24h", "Write 60s, for example");
  }
  return { requests, windowSeconds: window };
}

function buildRedis(
  { url, urlFile, keyPrefix = defaultKeyPrefix }: NonNullable<LimitsSection["redis"]>,
  { problems, resolveFile, readSecret }: SectionContext,
): RedisConfig | undefined {
  const path = ["limits", "redis"];
  if ((url === undefined) === (urlFile === undefined)) {
    problems.add(path, "needs either url or urlFile", `Write url: ${example}`);
    return undefined;
  }
  if (url !== undefined) {
    const urlPath = [...path, "url"];
    if (URL.canParse(url) && new URL(url).password !== "") {
      const fix = "Write the URL into a file of its own, and name that with urlFile";
      problems.add(urlPath, "holds a password", fix);
      return undefined;
    }
    return checkRedisUrl(createSecretKey(url, "utf8"), urlPath, problems, {
      isSecret: false,
      keyPrefix,
    });
  }
  const filePath = [...path, "urlFile"];
  const secret = readSecret(filePath, resolveFile(filePath, urlFile ?? ""));
  return secret && checkRedisUrl(secret, filePath, problems, { isSecret: true, keyPrefix });
}

/** Nothing of the URL is repeated: it may hold a password. */
function checkRedisUrl(
  secret: KeyObject,
  path: readonly PropertyKey[],
  problems: ProblemList,
  rest: Pick<RedisConfig, "isSecret" | "keyPrefix">,
): RedisConfig | undefined {
  const text = secret.export().toString();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !["redis:", "rediss:"].includes(url.protocol) ||
    url.hostname === "" ||
    !hasReadableCredentials(url)
  ) {
    problems.add(path, "is not a redis: or rediss: URL", `Write ${example}`);
    return undefined;
  }
  if (!/^\/?\d{0,4}$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    const fix = `Write ${example}, or ${example}/1 for the database 1`;
    problems.add(path, "has more after the host than the number of a database", fix);
    return undefined;
  }
  return { ...rest, url: secret, address: `${url.protocol}//${url.host}${url.pathname}` };
}
