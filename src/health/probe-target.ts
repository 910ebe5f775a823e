import { type IceServerSettings, listFleets, type TurnSettings } from "../ice/ice-server-list.js";
import type { IceUrl } from "../ice/ice-url.js";

/** URLs that stand in for one another: never the last of them is left out. */
export interface UrlGroup {
  readonly kind: "stun" | "turn";
  /** Empty where no regions are configured, and for STUN URLs that several regions share. */
  readonly region: string;
  readonly urls: readonly IceUrl[];
}

/** The groups that answers are made of; an empty one is none. */
export function groupUrls({ stunUrls, turn, regions }: IceServerSettings): readonly UrlGroup[] {
  const list = regions?.list ?? [{ name: "", stunUrls, turn }];
  const shared = list.some((region) => region.stunUrls === stunUrls) ? stunUrls : [];
  const groups: readonly UrlGroup[] = [
    { kind: "stun", region: "", urls: shared },
    ...list
      .filter((region) => region.stunUrls !== stunUrls)
      .map(({ name, stunUrls: urls }) => ({ kind: "stun" as const, region: name, urls })),
    ...list.map(({ name, turn: own }) => ({
      kind: "turn" as const,
      region: name,
      urls: own?.urls ?? [],
    })),
  ];
  return groups.filter(({ urls }) => urls.length > 0);
}

/** A URL to probe. */
export interface ProbeTarget {
  readonly url: IceUrl;
  /** What signs for it; absent for STUN. */
  readonly turn?: TurnSettings;
}

/** Each URL once; one that stands in two regions is probed with the secret of the first. */
export function listTargets(ice: IceServerSettings): readonly ProbeTarget[] {
  const targets = new Map<string, ProbeTarget>();
  for (const { stunUrls, turn } of listFleets(ice)) {
    const ofFleet = [
      ...stunUrls.map((url) => ({ url })),
      ...(turn?.urls ?? []).map((url) => ({ url, ...(turn && { turn }) })),
    ];
    for (const target of ofFleet) {
      if (!targets.has(target.url.text)) {
        targets.set(target.url.text, target);
      }
    }
  }
  return [...targets.values()];
}
