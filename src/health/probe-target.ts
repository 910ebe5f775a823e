import type { IceUrl } from "../ice/ice-url.js";
import { canProbe } from "../probe/server-address.js";
import type { ProbeAccount } from "../turn/provider.js";
import { findOwner, listKeyedUrls, type UrlGroup } from "../turn/url-group.js";

/** A URL to probe. */
export interface ProbeTarget {
  readonly url: IceUrl;
  /** Under which its state is kept. */
  readonly key: string;
  /** The managed provider that lists it; absent for the operator's own. */
  readonly managed?: string;
  /** What holders are given credentials from; absent for STUN. */
  readonly account?: ProbeAccount;
  /** How long the credentials live that holders are given. */
  readonly ttlSeconds: number;
}

/**
 * Lists the keys of the URLs that cannot be probed (TURN over DTLS), each with those of its groups that
 * can: what is found of these decides about it.
 */
export function listUnprobed(groups: readonly UrlGroup[]): ReadonlyMap<string, readonly string[]> {
  const unprobed = new Map<string, readonly string[]>();
  for (const group of groups) {
    const keys = listKeyedUrls(group);
    const probed = keys.filter(({ url }) => canProbe(url)).map(({ key }) => key);
    for (const { url, key } of keys) {
      if (!canProbe(url)) {
        unprobed.set(key, [...(unprobed.get(key) ?? []), ...probed]);
      }
    }
  }
  return unprobed;
}

/**
 * Each URL once for each managed provider that lists it, and once for the operator; one that two
 * regions have is probed with the credentials of the first.
 */
export function listTargets(
  groups: readonly UrlGroup[],
  ttlSeconds: number,
): readonly ProbeTarget[] {
  const targets = new Map<string, ProbeTarget>();
  for (const group of groups) {
    const account = group.kind === "turn" ? group.provider.probeAccounts[0] : undefined;
    const managed = findOwner(group);
    for (const { url, key } of listKeyedUrls(group)) {
      if (!targets.has(key)) {
        const owner = { ...(account && { account }), ...(managed !== undefined && { managed }) };
        targets.set(key, { url, key, ttlSeconds, ...owner });
      }
    }
  }
  return [...targets.values()];
}
