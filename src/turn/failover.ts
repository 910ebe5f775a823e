/*
 * Who serves when servers are down. The lister of ICE servers acts on this, and health reports it.
 */

/**
 * Finds the region that serves: the preferred one, or else the next in configured order that is live,
 * the first following the last.
 *
 * @param isLive whether one of the region's TURN servers is up
 * @returns undefined when none is live: then everything is served as if all servers were up
 */
export function findServing<Region>(
  regions: readonly Region[],
  preferred: number,
  isLive: (region: Region) => boolean,
): Region | undefined {
  for (let step = 0; step < regions.length; step++) {
    const region = regions[(preferred + step) % regions.length];
    if (region !== undefined && isLive(region)) {
      return region;
    }
  }
  return undefined;
}

/**
 * The URLs that are up; all of them when none is, because the monitor itself may be cut off.
 */
export function failOpen<Url>(up: readonly Url[], all: readonly Url[]): readonly Url[] {
  return up.length > 0 ? up : all;
}
