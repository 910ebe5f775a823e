import type { Place } from "../config/place.js";
import { type IceUrl, parseIceUrl } from "../ice/ice-url.js";
import { mostUrlsWithoutWarning } from "../ice/ice-url-config.js";
import { findDtlsWarnings } from "../ice/url-warnings.js";
import { findOwnStunUrls, stunWithoutTurn } from "./default-stun-urls.js";
import type { IceRegion, IceServerSettings } from "./ice-server-settings.js";
import { configureManaged } from "./providers/managed-config.js";
import {
  configureSharedSecret,
  type SharedSecretConfig,
} from "./providers/shared-secret/shared-secret-config.js";
import { type CompleteRegion, listWeights } from "./region-config.js";
import { groupByHost } from "./selection/turn-server.js";
import type { CompleteTurn } from "./turn-config.js";

const devTurnUrls = ["turn:127.0.0.1:3478", "turn:127.0.0.1:3478?transport=tcp"].map(parseIceUrl);

/** A region as it is configured. */
export interface ConfiguredRegion extends IceRegion {
  /** Present when the TURN servers accept credentials that are signed with a secret. */
  readonly sharedSecret?: SharedSecretConfig;
}

export interface ConfiguredServers extends IceServerSettings {
  readonly regions: readonly [ConfiguredRegion, ...ConfiguredRegion[]];
}

interface IceServerValues {
  /** `ice.stunUrls`, where that is set. */
  readonly stunUrls: readonly IceUrl[] | undefined;
  /** `ice.turn`. */
  readonly turn: CompleteTurn;
  /** Undefined for a single fleet. */
  readonly regions: ReadonlyMap<string, CompleteRegion> | undefined;
}

/**
 * Makes of the configuration what answers are made of; what is wrong with it joins the problems.
 *
 * @param place of `ice.turn`
 */
export function configureIceServers(values: IceServerValues, place: Place): ConfiguredServers {
  const { defaultRegion = "", ttlSeconds, minTtlSeconds, capAtTokenExpiry } = values.turn;
  const [first, ...rest] = listRegions(values, place);
  return {
    // Without a region, the problems end the start.
    regions: [first ?? { name: "", stunUrls: [] }, ...rest],
    defaultRegion,
    life: { ttlSeconds, minTtlSeconds, capAtTokenExpiry },
    ...configureManaged(values.turn),
  };
}

function listRegions(values: IceServerValues, place: Place): readonly ConfiguredRegion[] {
  const { regions } = values;
  if (regions === undefined) {
    return [configureFleet(values, place)];
  }
  return [...regions].flatMap(([name, region]) => {
    const configured = configureRegion(name, region, values, place.at("regions", name));
    return configured === undefined ? [] : [configured];
  });
}

/** The one region without a name. */
function configureFleet(values: IceServerValues, place: Place): ConfiguredRegion {
  const { turn } = values;
  const { urls = place.isDev ? devTurnUrls : [] } = turn;
  const isManaged = (turn.managed ?? []).length > 0;
  const hasTurn = urls.length > 0 || isManaged;
  const stunUrls = values.stunUrls ?? (hasTurn ? findOwnStunUrls(urls, place) : stunWithoutTurn);
  warnOfDtls(urls, place);
  const count = stunUrls.length + urls.length;
  if (count === 0 && !isManaged) {
    place.warn(
      "no STUN and no TURN URL is configured: every answer will be empty, and existing mobile clients then silently use a public STUN server",
    );
  } else if (!hasTurn) {
    place.warn(
      "no TURN server is configured (ice.turn.urls): clients behind symmetric NATs and strict firewalls cannot connect to each other",
    );
  }
  if (count > mostUrlsWithoutWarning) {
    place.warn(`${count} STUN and TURN URLs are configured: browsers slow down or warn from 5`);
  }
  if (urls.length > 0) {
    return { name: "", stunUrls, ...configureSharedSecret({ ...turn, urls }, place) };
  }
  if (turn.secretFiles.length > 0) {
    place.warn("a TURN secret is configured, but no TURN URL: no TURN server is handed out");
  }
  return { name: "", stunUrls };
}

function configureRegion(
  name: string,
  region: CompleteRegion,
  { turn }: IceServerValues,
  place: Place,
): ConfiguredRegion | undefined {
  const urls = region.urls.map(({ url }) => url);
  warnOfDtls(urls, place);
  const provider = configureSharedSecret({ ...turn, ...region, urls }, place);
  if (provider === undefined) {
    return undefined;
  }
  const { stunUrls } = region;
  const spread = {
    weights: listWeights(region.urls),
    serversPerAnswer: turn.serversPerAnswer ?? 0,
  };
  const count = countUrls(stunUrls, urls, spread);
  if (count > mostUrlsWithoutWarning) {
    place.warn(
      `responses in region ${name} have up to ${count} STUN and TURN URLs: browsers slow down or warn from 5; limit them with ice.turn.serversPerAnswer`,
    );
  }
  return { name, stunUrls, ...provider, spread };
}

function warnOfDtls(urls: readonly IceUrl[], place: Place): void {
  for (const warning of findDtlsWarnings(urls)) {
    place.warn(warning);
  }
}

/** How many URLs an answer holds when it names the servers with the most of them. */
function countUrls(
  stunUrls: readonly IceUrl[],
  turnUrls: readonly IceUrl[],
  { weights, serversPerAnswer }: NonNullable<IceRegion["spread"]>,
): number {
  const counts = groupByHost(turnUrls, weights).map(({ urls }) => urls.length);
  const named = counts.sort((a, b) => b - a).slice(0, serversPerAnswer || counts.length);
  return named.reduce((sum, count) => sum + count, stunUrls.length);
}
