import { toHostKey } from "../turn/selection/turn-server.js";
import type {
  Config,
  IceConfig,
  JwtIssuerConfig,
  LimitsConfig,
  RateLimitConfig,
  RegionConfig,
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
      ...describeTurn(ice),
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

function describeTurn(ice: IceConfig): object {
  const [first] = ice.regions;
  if (first.name !== "") {
    return { turn: { ...describeRegions(ice), ...describeShared(ice), ...describeProbe(ice) } };
  }
  if (first.turn === undefined) {
    return ice.probe === undefined ? {} : { turn: describeProbe(ice) };
  }
  const { urls } = first.turn;
  return {
    turn: {
      urls: urls.map(({ text }) => text),
      ...first.providerKeys?.own,
      ...describeShared(ice),
      ...describeProbe(ice),
    },
  };
}

function describeShared({ life, regions: [{ providerKeys }] }: IceConfig): object {
  return {
    ttl: printDuration(life.ttlSeconds),
    minTtl: printDuration(life.minTtlSeconds),
    ...providerKeys?.shared,
    capAtTokenExpiry: life.capAtTokenExpiry,
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

function describeRegions({ regions, defaultRegion, regionFrom }: IceConfig): object {
  const { serversPerAnswer = 0 } = regions[0].spread ?? {};
  return {
    regions: Object.fromEntries(regions.map((region) => [region.name, describeRegion(region)])),
    defaultRegion,
    ...(serversPerAnswer > 0 && { serversPerAnswer }),
    ...(regionFrom !== undefined && {
      regionFrom: {
        ...regionFrom,
        map: Object.fromEntries(regionFrom.map),
        continents: Object.fromEntries(regionFrom.continents),
      },
    }),
  };
}

function describeRegion({ stunUrls, turn, spread, providerKeys }: RegionConfig): object {
  return {
    urls: turn?.urls.map((url) => {
      const weight = spread?.weights.get(toHostKey(url));
      return weight === undefined ? url.text : { url: url.text, weight };
    }),
    stunUrls: stunUrls.map(({ text }) => text),
    ...providerKeys?.own,
  };
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
