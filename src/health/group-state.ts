import type { UrlGroup } from "./probe-target.js";

/**
 * How a group is served: by those of its URLs that are up, by another region in its place, or, as
 * there is none, by all of its URLs though they are down.
 */
export type GroupState = "live" | "replaced" | "failing-open";

/** As the lister of ICE servers decides. */
export function findGroupStates(
  groups: readonly UrlGroup[],
  isUp: (url: string) => boolean,
): ReadonlyMap<UrlGroup, GroupState> {
  const isLive = ({ urls }: UrlGroup) => urls.some(({ text }) => isUp(text));
  const anyTurnLives = groups.some((group) => group.kind === "turn" && isLive(group));
  return new Map(
    groups.map((group) => {
      const replaced = group.kind === "turn" && anyTurnLives;
      return [group, isLive(group) ? "live" : replaced ? "replaced" : "failing-open"];
    }),
  );
}

/** Names a group within one configuration. */
export function printGroup({ kind, region }: UrlGroup): string {
  return region === "" ? kind : `${kind} of ${region}`;
}
