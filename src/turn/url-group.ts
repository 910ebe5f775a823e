import type { IceUrl } from "../ice/ice-url.js";
import type { IceRegion } from "./ice-server-settings.js";
import type { TurnProvider } from "./provider.js";

/** URLs that replace one another: never the last of them is left out of answers. */
export type UrlGroup = {
  /** Empty where no regions are configured, and for STUN URLs that several regions share. */
  readonly region: string;
  /** At least one. */
  readonly urls: readonly IceUrl[];
} & (
  | { readonly kind: "stun" }
  | {
      readonly kind: "turn";
      /** Where credentials for the URLs come from. */
      readonly provider: TurnProvider;
    }
);

/**
 * All URLs that answers are made of, region by region in configured order: whoever probes, checks, or
 * reports them asks here.
 */
export function listUrlGroups(regions: readonly IceRegion[]): readonly UrlGroup[] {
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
  return groups.filter(({ urls }) => urls.length > 0);
}
