import type { Config, JwtIssuerConfig, LimitsConfig, RateLimitConfig } from "./config.js";
import { printDuration } from "./duration.js";

const hidden = "<hidden>";

/** The effective configuration in the file's own keys, as plain data; secrets are hidden. */
export function describeConfig({
  listen,
  admin,
  cors,
  auth,
  ice,
  limits,
  reflection,
  diagnostics,
  log,
  shutdown,
}: Config): object {
  return {
    listen,
    admin: admin !== undefined && { host: admin.host, port: admin.port },
    cors,
    auth: { ...auth, jwt: auth.jwt.map(describeIssuer) },
    ice: {
      stunUrls: ice.stunUrls.map(({ text }) => text),
      ...(ice.turn !== undefined && {
        turn: {
          urls: ice.turn.urls.map(({ text }) => text),
          secretFiles: [hidden],
          ttl: printDuration(ice.turn.ttlSeconds),
          minTtl: printDuration(ice.turn.minTtlSeconds),
          identity: ice.turn.identity,
          name: ice.turn.name,
          capAtTokenExpiry: ice.turn.capAtTokenExpiry,
        },
      }),
    },
    limits: describeLimits(limits),
    reflection,
    diagnostics,
    log,
    shutdown: {
      delay: printDuration(shutdown.delaySeconds),
      timeout: printDuration(shutdown.timeoutSeconds),
    },
  };
}

function describeLimits({ caller, failedAuthentication, redis }: LimitsConfig): object {
  return {
    ...(caller && { caller: describeLimit(caller) }),
    ...(failedAuthentication && { failedAuthentication: describeLimit(failedAuthentication) }),
    ...(redis && {
      redis: {
        ...(redis.isSecret ? { urlFile: hidden } : { url: redis.address }),
        keyPrefix: redis.keyPrefix,
      },
    }),
  };
}

function describeLimit({ requests, windowSeconds }: RateLimitConfig): object {
  return { requests, window: printDuration(windowSeconds) };
}

function describeIssuer({
  issuer,
  audience,
  clockToleranceSeconds,
  keys,
}: JwtIssuerConfig): object {
  const { algorithms } = keys;
  const source =
    keys.kind === "secret"
      ? { secretFile: hidden }
      : { [keys.kind]: keys.kind === "jwksUrl" ? keys.url.href : keys.file };
  return {
    issuer,
    audience,
    algorithms,
    ...source,
    clockTolerance: printDuration(clockToleranceSeconds),
  };
}
