import type { IceUrl } from "../ice/ice-url.js";
import type { ProbeAccount } from "../turn/provider.js";
import type { UrlGroup } from "../turn/url-group.js";

/** A URL to probe. */
export interface ProbeTarget {
  readonly url: IceUrl;
  /** What holders are given credentials from; absent for STUN. */
  readonly account?: ProbeAccount;
  /** How long the credentials live that holders are given. */
  readonly ttlSeconds: number;
}

/** Each URL once; one that two regions have is probed with the credentials of the first. */
export function listTargets(
  groups: readonly UrlGroup[],
  ttlSeconds: number,
): readonly ProbeTarget[] {
  const targets = new Map<string, ProbeTarget>();
  for (const group of groups) {
    const account = group.kind === "turn" ? group.provider.probeAccounts[0] : undefined;
    for (const url of group.urls) {
      if (!targets.has(url.text)) {
        targets.set(url.text, { url, ttlSeconds, ...(account && { account }) });
      }
    }
  }
  return [...targets.values()];
}
