import type { IceUrl } from "../ice/ice-url.js";
import type { CredentialLifeSettings } from "../turn/ice-server-settings.js";
import type { IceConfig, RegionConfig } from "./config.js";
import type { IceFileSection, TurnFileSection } from "./file-schema.js";
import { mostUrlsWithoutWarning, parseUrls } from "./ice-urls.js";
import { buildProbe } from "./probe-section.js";
import type { ProblemList } from "./problem-list.js";
import { buildRegionFrom } from "./region-from-section.js";
import { buildRegions } from "./regions-section.js";
import type { SectionContext } from "./section-context.js";
import { buildTurnProvider, checkTurnName } from "./turn-provider-section.js";
import { readPseudonymKey, readTurnSecrets, type TurnSecretContext } from "./turn-secrets.js";

const defaultStunUrls = ["stun:stun.l.google.com:19302"];
const devTurnUrls = ["turn:127.0.0.1:3478", "turn:127.0.0.1:3478?transport=tcp"];
const defaultTtlSeconds = 24 * 3600;
const defaultMinTtlSeconds = 60;
const longestTtlSeconds = 365 * 24 * 3600;
const longestRepeatSeconds = 24 * 3600;

/** Builds the `ice` section; what is wrong with it joins the problems. */
export function buildIceSettings(ice: IceFileSection, sectionContext: SectionContext): IceConfig {
  const { devSecret } = sectionContext;
  const given = readTurnSecrets(ice.turn?.secretFiles, sectionContext);
  const secrets =
    given.accepted.length === 0 && devSecret !== undefined
      ? { accepted: [{ name: "--dev", key: devSecret }], files: [] }
      : given;
  const pseudonymKey = readPseudonymKey(ice.turn ?? {}, sectionContext);
  const context = { ...sectionContext, secrets, pseudonymKey };
  const probe = ice.turn?.probe && buildProbe(ice.turn.probe, context.problems);
  const watchRepeatSeconds = ice.watch?.repeat;
  if (
    watchRepeatSeconds !== undefined &&
    (watchRepeatSeconds < 1 || watchRepeatSeconds > longestRepeatSeconds)
  ) {
    const fix = "Write 45s, for example, or remove the key to turn repeats off";
    context.problems.add(["ice", "watch", "repeat"], "is not between 1s and 24h", fix);
  }
  return {
    ...buildServers(ice, context),
    ...(probe && { probe }),
    ...(watchRepeatSeconds !== undefined && { watchRepeatSeconds }),
  };
}

function buildServers(ice: IceFileSection, context: TurnSecretContext): IceConfig {
  const { problems } = context;
  const turn = ice.turn ?? {};
  const stunUrls = parseUrls(
    ice.stunUrls ?? defaultStunUrls,
    "stun",
    ["ice", "stunUrls"],
    problems,
  );
  const life = buildLife(turn, problems);
  checkTurnName(turn.name, ["ice", "turn"], problems);
  if (turn.regions !== undefined) {
    const regions = buildRegions(turn, turn.regions, stunUrls, context);
    const regionFrom = buildRegionFrom(turn, Object.keys(turn.regions), context);
    return {
      // Without a region, the problems end the start.
      regions: regions ?? [{ name: "", stunUrls }],
      stunUrls,
      defaultRegion: turn.defaultRegion ?? "",
      life,
      ...(regionFrom && { regionFrom }),
    };
  }
  for (const key of ["defaultRegion", "serversPerAnswer", "regionFrom"] as const) {
    if (turn[key] !== undefined) {
      problems.add(["ice", "turn", key], "is set, but no regions are", "Set ice.turn.regions");
    }
  }
  const region = buildSingleRegion(turn, stunUrls, context);
  return { regions: [region], stunUrls, defaultRegion: "", life };
}

function buildLife(turn: TurnFileSection, problems: ProblemList): CredentialLifeSettings {
  const ttlSeconds = turn.ttl ?? defaultTtlSeconds;
  const minTtlSeconds = turn.minTtl ?? Math.min(defaultMinTtlSeconds, ttlSeconds);
  if (ttlSeconds < 1 || ttlSeconds > longestTtlSeconds) {
    problems.add(["ice", "turn", "ttl"], "is not between 1s and 365d", "Write 24h, for example");
  } else if (minTtlSeconds < 1 || minTtlSeconds > ttlSeconds) {
    problems.add(
      ["ice", "turn", "minTtl"],
      "is not between 1s and ice.turn.ttl",
      "Write 60s, for example",
    );
  }
  return { ttlSeconds, minTtlSeconds, capAtTokenExpiry: turn.capAtTokenExpiry ?? false };
}

function buildSingleRegion(
  turn: TurnFileSection,
  stunUrls: readonly IceUrl[],
  context: TurnSecretContext,
): RegionConfig {
  const { problems, warn, secrets, dev } = context;
  const stunOnly = { name: "", stunUrls };
  const configured = turn.urls ?? (dev ? devTurnUrls : []);
  const urls = parseUrls(configured, "turn", ["ice", "turn", "urls"], problems);
  const count = stunUrls.length + urls.length;
  if (count === 0) {
    warn("no STUN and no TURN URL is configured: every answer will be empty");
  }
  if (count > mostUrlsWithoutWarning) {
    warn(`${count} STUN and TURN URLs are configured: browsers slow down or warn from 5`);
  }
  if (configured.length === 0) {
    if (secrets.accepted.length > 0) {
      warn("a TURN secret is configured, but no TURN URL: no TURN server is handed out");
    }
    return stunOnly;
  }
  return { ...stunOnly, ...buildTurnProvider(turn, { path: ["ice", "turn"], urls }, context) };
}
