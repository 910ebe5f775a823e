import type { IceUrl } from "../../ice/ice-url.js";
import { turnWays } from "./url-budget.js";

/** The URLs of one host. */
export interface TurnServer {
  readonly host: string;
  /** At least one, in configured order. */
  readonly urls: readonly IceUrl[];
  /** How large a share of the callers it gets, beside the others'; more than 0. */
  readonly weight: number;
}

/** Names a host in one way: in lower case, and without a dot at the end. */
export function toHostKey({ host }: IceUrl): string {
  return host.toLowerCase().replace(/\.$/, "");
}

/** @param weights by host key; 1 for one that is not there */
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
 * The URLs of the first so many servers; and of each way to connect that none of these has, those
 * of the first server that has it: a caller must not lose its only way through a firewall.
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
