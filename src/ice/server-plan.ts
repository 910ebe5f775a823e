import { LRUCache } from "lru-cache";
import type { IceServerCaller } from "./ice-server-list.js";
import type { IceUrl } from "./ice-url.js";
import { hashCaller, ServerRanking } from "./server-ranking.js";
import { areReachedAlike, groupByHost, takeServers } from "./turn-server.js";
import { UrlLimits } from "./url-limits.js";

/** How many of the orders that callers get are kept ready; of five servers there are 120. */
const maxChoices = 256;

/** Which URLs a region's callers are given, as long as the same ones are up. */
export interface ServerPlan {
  /** The same object for callers who are given the same. */
  choose(caller: IceServerCaller): UrlLimits;
}

export interface ServerPlanOptions {
  /** Empty where no regions are configured. */
  readonly region: string;
  readonly stunUrls: readonly IceUrl[];
  readonly turnUrls: readonly IceUrl[];
}

/** All URLs, in configured order, for everybody. */
export function planAll({ region, stunUrls, turnUrls }: ServerPlanOptions): ServerPlan {
  const all = new UrlLimits(region, stunUrls, turnUrls);
  return { choose: () => all };
}

/**
 * For each caller the servers in an order of its own, or the first so many of them.
 *
 * @param weights by host key
 * @param serversPerAnswer 0 is all
 */
export function planByCaller(
  options: ServerPlanOptions,
  weights: ReadonlyMap<string, number>,
  serversPerAnswer: number,
): ServerPlan {
  const { region, stunUrls, turnUrls } = options;
  const servers = groupByHost(turnUrls, weights);
  if (servers.length <= 1) {
    return planAll(options);
  }
  const ranking = new ServerRanking(servers);
  const count = serversPerAnswer || servers.length;
  // What an answer depends on: where others are to fill a gap, on the order of all servers.
  const keyLength = areReachedAlike(servers) ? count : servers.length;
  const choices = new LRUCache<string, UrlLimits>({ max: maxChoices });

  return {
    choose(caller) {
      const order = ranking.rank(hashCaller(caller));
      order.length = Math.min(order.length, keyLength);
      const key = String.fromCharCode(...order);
      const known = choices.get(key);
      if (known !== undefined) {
        return known;
      }
      const ranked = order.flatMap((index) => servers[index] ?? []);
      const choice = new UrlLimits(region, stunUrls, takeServers(ranked, count));
      choices.set(key, choice);
      return choice;
    },
  };
}
