import type { Config, JwtIssuerConfig } from "./config.js";
import { printDuration } from "./duration.js";

const hidden = "<hidden>";

/** The effective configuration in the file's own keys, as plain data; secrets are hidden. */
export function describeConfig({
  listen,
  cors,
  auth,
  ice,
  limits,
  reflection,
  log,
  shutdown,
}: Config): object {
  return {
    listen,
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
    limits,
    reflection,
    log,
    shutdown: {
      delay: printDuration(shutdown.delaySeconds),
      timeout: printDuration(shutdown.timeoutSeconds),
    },
  };
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
