import { LRUCache } from "lru-cache";
import { type Holder, hashHolder } from "../holder.js";
import type { ServerSpread } from "../ice-server-settings.js";
import { ServerRanking } from "./server-ranking.js";
import { areReachedAlike, groupByHost, takeServers } from "./turn-server.js";
import { UrlLimits, type UrlLimitsOptions } from "./url-limits.js";

/** How many of the orders that holders get are kept ready; of five servers there are 120. */
const maxChoices = 256;

/** Which URLs a region's holders are given, as long as the same ones are up. */
export interface ServerPlan {
  /** The same object for holders who are given the same. */
  choose(holder: Holder): UrlLimits;
}

/**
 * @param options the URLs that are up
 * @param spread undefined: all URLs, in configured order, for everybody
 */
export function planServers(
  options: UrlLimitsOptions,
  spread: ServerSpread | undefined,
): ServerPlan {
  const servers = spread === undefined ? [] : groupByHost(options.turnUrls, spread.weights);
  if (spread === undefined || servers.length <= 1) {
    const all = new UrlLimits(options);
    return { choose: () => all };
  }
  const ranking = new ServerRanking(servers);
  const count = spread.serversPerAnswer || servers.length;
  // What an answer depends on: where others are to fill a gap, on the order of all servers.
  const keyLength = areReachedAlike(servers) ? count : servers.length;
  const choices = new LRUCache<string, UrlLimits>({ max: maxChoices });

  return {
    choose(holder) {
      const order = ranking.rank(hashHolder(holder));
      order.length = Math.min(order.length, keyLength);
      const key = String.fromCharCode(...order);
      const known = choices.get(key);
      if (known !== undefined) {
        return known;
      }
      const ranked = order.flatMap((index) => servers[index] ?? []);
      const choice = new UrlLimits({ ...options, turnUrls: takeServers(ranked, count) });
      choices.set(key, choice);
      return choice;
    },
  };
}
