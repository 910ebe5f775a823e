import type { IceUrl } from "../../ice/ice-url.js";
import { turnWays } from "./url-budget.js";

/** The URLs of one host. */
export interface TurnServer {
  readonly host: string;
  /** At least one, in configured order. */
  readonly urls: readonly IceUrl[];
  /** The relative share of the callers that it gets; more than 0. */
  readonly weight: number;
}

/** The canonical name of a host: in lower case, without a final dot. */
export function toHostKey({ host }: IceUrl): string {
  return host.toLowerCase().replace(/\.$/, "");
}

/** @param weights by host key; 1 if absent */
export function groupByHost(
  urls: readonly IceUrl[],
  weights: ReadonlyMap<string, number>,
): TurnServer[] {
  const byHost = new Map<string, IceUrl[]>();
  for (const url of urls) {
    const host = toHostKey(url);
    byHost.set(host, [...(byHost.get(host) ?? []), url]);
  }
  return [...byHost].map(([host, group]) => ({
    host,
    urls: group,
    weight: weights.get(host) ?? 1,
  }));
}

/**
 * The URLs of the first servers, as many as requested. For each way to connect that none of these has,
 * it adds the URLs of the first server that has it, because a caller must not lose its only way through
 * a firewall.
 */
export function takeServers(ranked: readonly TurnServer[], count: number): IceUrl[] {
  const urls = ranked.slice(0, count).flatMap((server) => server.urls);
  for (const isOfWay of turnWays) {
    if (!urls.some(isOfWay)) {
      const server = ranked.find((other) => other.urls.some(isOfWay));
      urls.push(...(server?.urls.filter(isOfWay) ?? []));
    }
  }
  return urls;
}

/** Whether each server can be reached in every way in which any of them can. */
export function areReachedAlike(servers: readonly TurnServer[]): boolean {
  return turnWays.every((isOfWay) => {
    const count = servers.filter(({ urls }) => urls.some(isOfWay)).length;
    return count === 0 || count === servers.length;
  });
}
