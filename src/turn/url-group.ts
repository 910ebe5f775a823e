import type { IceUrl } from "../ice/ice-url.js";
import type { IceRegion } from "./ice-server-settings.js";
import type { ManagedProvider } from "./managed/managed-provider.js";
import type { TurnProvider } from "./provider.js";
import { findUrlKey } from "./selection/live-urls.js";

/** URLs that replace one another. The last of them is never left out of answers. */
export type UrlGroup = {
  /** Empty if no regions are configured, and for STUN URLs that several regions share. */
  readonly region: string;
  /** At least one. */
  readonly urls: readonly IceUrl[];
} & (
  | { readonly kind: "stun" }
  | {
      readonly kind: "turn";
      /** The source of credentials for the URLs. */
      readonly provider: TurnProvider;
      /** The name of a managed provider; absent for the operator's own servers. */
      readonly managed?: string;
    }
);

/** The name of the managed provider whose URLs these are; undefined for the operator's own. */
export function findOwner(group: UrlGroup): string | undefined {
  return group.kind === "turn" ? group.managed : undefined;
}

/** The URLs of a group, each with the key under which its state is kept. */
export function listKeyedUrls(
  group: UrlGroup,
): readonly { readonly url: IceUrl; readonly key: string }[] {
  const owner = findOwner(group);
  return group.urls.map((url) => ({ url, key: findUrlKey(url, owner) }));
}

/**
 * All URLs that answers are made of: region by region in configured order, then those of managed
 * providers at this moment. The code that probes, checks, or reports them uses this function.
 */
export function listUrlGroups(
  regions: readonly IceRegion[],
  managed: readonly ManagedProvider[] = [],
): readonly UrlGroup[] {
  const seen = new Set<readonly IceUrl[]>();
  const groups = regions.flatMap(({ name, stunUrls, turn }): UrlGroup[] => {
    const isNew = !seen.has(stunUrls);
    seen.add(stunUrls);
    const isShared = regions.filter((other) => other.stunUrls === stunUrls).length > 1;
    return [
      ...(isNew ? [{ kind: "stun" as const, region: isShared ? "" : name, urls: stunUrls }] : []),
      ...(turn === undefined
        ? []
        : [{ kind: "turn" as const, region: name, urls: turn.urls, provider: turn }]),
    ];
  });
  const others = managed.map(
    (provider): UrlGroup => ({
      kind: "turn",
      region: "",
      urls: provider.urls,
      provider,
      managed: provider.name,
    }),
  );
  return [...groups, ...others].filter(({ urls }) => urls.length > 0);
}
