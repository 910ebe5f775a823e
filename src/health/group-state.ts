import { findServing } from "../turn/failover.js";
import type { IsUp } from "../turn/selection/live-urls.js";
import { findOwner, listKeyedUrls, type UrlGroup } from "../turn/url-group.js";

/**
 * How a group is served: by those of its URLs that are up, by another region or a managed provider in
 * its place, or, as there is none, by all of its URLs though they are down.
 */
export type GroupState = "live" | "replaced" | "failing-open";

/** @param groups in configured order */
export function findGroupStates(
  groups: readonly UrlGroup[],
  isUp: IsUp,
): ReadonlyMap<UrlGroup, GroupState> {
  const isLive = (group: UrlGroup) => listKeyedUrls(group).some(({ key }) => isUp(key));
  const regions = groups.filter(({ kind }) => kind === "turn");
  const findState = (group: UrlGroup): GroupState => {
    // STUN servers of another region do not replace those of this one.
    const serving =
      group.kind === "turn"
        ? findServing(regions, regions.indexOf(group), isLive)
        : findServing([group], 0, isLive);
    if (serving === undefined) {
      return "failing-open";
    }
    return serving === group ? "live" : "replaced";
  };
  return new Map(groups.map((group) => [group, findState(group)]));
}

/** Names a group within one configuration. */
export function printGroup(group: UrlGroup): string {
  const { kind, region } = group;
  const owner = findOwner(group) ?? region;
  return owner === "" ? kind : `${kind} of ${owner}`;
}
