import { toHostKey } from "../turn/selection/turn-server.js";
import type { AuthConfig, IceConfig, JwtIssuerConfig, RegionConfig } from "./config.js";
import { printDuration } from "./duration.js";

const hidden = "<hidden>";

export function describeAuth({ jwt, ...rest }: AuthConfig): object {
  return { ...rest, jwt: jwt.map(describeIssuer) };
}

export function describeIce(ice: IceConfig): object {
  return {
    stunUrls: ice.stunUrls.map(({ text }) => text),
    ...describeTurn(ice),
    ...(ice.watchRepeatSeconds !== undefined && {
      watch: { repeat: printDuration(ice.watchRepeatSeconds) },
    }),
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
