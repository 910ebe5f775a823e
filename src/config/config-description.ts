import type { TurnSettings } from "../ice/ice-server-list.js";
import { toHostKey } from "../ice/turn-server.js";
import type {
  Config,
  IceConfig,
  JwtIssuerConfig,
  LimitsConfig,
  RateLimitConfig,
  RegionConfig,
  TurnConfig,
} from "./config.js";
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
      ...(ice.turn === undefined &&
        ice.regions === undefined &&
        ice.probe !== undefined && { turn: describeProbe(ice) }),
      ...(ice.turn !== undefined && {
        turn: {
          urls: ice.turn.urls.map(({ text }) => text),
          secretFiles: describeSecretFiles(ice.turn),
          ...describeShared(ice.turn),
          name: ice.turn.name,
          ...describeProbe(ice),
        },
      }),
      ...(ice.regions !== undefined && {
        turn: { ...describeRegions(ice.regions, ice.regionFrom), ...describeProbe(ice) },
      }),
      ...(ice.watchRepeatSeconds !== undefined && {
        watch: { repeat: printDuration(ice.watchRepeatSeconds) },
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

function describeShared({ ttlSeconds, minTtlSeconds, identity, capAtTokenExpiry }: TurnSettings) {
  return {
    ttl: printDuration(ttlSeconds),
    minTtl: printDuration(minTtlSeconds),
    identity,
    capAtTokenExpiry,
  };
}

function describeProbe({ probe }: IceConfig): object {
  if (probe === undefined) {
    return {};
  }
  const { intervalSeconds, timeoutSeconds, ...counts } = probe;
  const interval = printDuration(intervalSeconds);
  return { probe: { interval, timeout: printDuration(timeoutSeconds), ...counts } };
}

function describeRegions(
  { list, defaultRegion, serversPerAnswer }: NonNullable<IceConfig["regions"]>,
  from: IceConfig["regionFrom"],
): object {
  return {
    regions: Object.fromEntries(list.map((region) => [region.name, describeRegion(region)])),
    defaultRegion,
    ...(serversPerAnswer > 0 && { serversPerAnswer }),
    ...(from !== undefined && {
      regionFrom: {
        ...from,
        map: Object.fromEntries(from.map),
        continents: Object.fromEntries(from.continents),
      },
    }),
    ...describeShared(list[0].turn),
  };
}

function describeRegion({ stunUrls, turn, weights }: RegionConfig): object {
  return {
    urls: turn.urls.map((url) => {
      const weight = weights.get(toHostKey(url));
      return weight === undefined ? url.text : { url: url.text, weight };
    }),
    stunUrls: stunUrls.map(({ text }) => text),
    secretFiles: describeSecretFiles(turn),
    name: turn.name,
  };
}

/** Where the secrets are; a variable's, or that of development, stands nowhere. */
function describeSecretFiles({ secretFiles }: TurnConfig): readonly string[] {
  return secretFiles.length > 0 ? secretFiles : [hidden];
}

function describeLimits({
  watches,
  watchesPerCaller,
  healthWatches,
  caller,
  failedAuthentication,
  redis,
}: LimitsConfig): object {
  return {
    watches,
    watchesPerCaller,
    healthWatches,
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
