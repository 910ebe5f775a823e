import type { Clock } from "../clock.js";
import { InvalidFieldError } from "../errors.js";
import type {
  IceServerRequest,
  IceServerSettings,
  ListIceServers,
  TurnSettings,
} from "./ice-server-list.js";
import type { IsUp } from "./live-urls.js";
import { ServedRegion } from "./served-region.js";
import { planAll, planByCaller } from "./server-plan.js";

/**
 * Makes the function that answers a caller with its servers. All that does not depend on the
 * request is prepared once. Callers who get the same answer within a second get the same object.
 *
 * Of a region whose TURN servers are all down, the next one in configured order that has one up
 * takes the place, the first following the last; where all are down, it is as if all were up.
 *
 * The function throws InvalidFieldError when a field of the request is out of range, and
 * CallerExpiredError when `capAtTokenExpiry` leaves no life at all.
 *
 * @param isUp undefined where nobody watches the servers: all are up then
 */
export function createIceServerLister(
  settings: IceServerSettings,
  clock: Clock,
  isUp?: IsUp,
): ListIceServers {
  const { regions, turn = regions?.list[0].turn } = settings;
  const served = serveRegions(settings, isUp);
  const indexOf = new Map(served.map(({ name }, index) => [name, index]));
  // The caller who names no region.
  indexOf.set("", indexOf.get(regions?.defaultRegion ?? "") ?? 0);
  const unknownRegion =
    regions === undefined
      ? "is unknown: no regions are configured; leave it empty"
      : `is unknown: the regions are ${regions.list.map(({ name }) => name).join(", ")}`;

  return (caller, request, nowMs = clock()) => {
    const preferred = indexOf.get(request.region);
    if (preferred === undefined) {
      throw new InvalidFieldError("region", unknownRegion);
    }
    checkRequest(request, turn);
    const region = findLive(served, preferred);
    const selection = region.plan().choose(caller).cut(request.maxUrls);
    return region.makeList(selection, caller, request.ttlSeconds, nowMs);
  };
}

type ServedRegions = readonly [ServedRegion, ...ServedRegion[]];

function serveRegions(
  { stunUrls, turn, regions }: IceServerSettings,
  isUp: IsUp | undefined,
): ServedRegions {
  if (regions === undefined) {
    return [new ServedRegion({ name: "", stunUrls, turn, plan: planAll, isUp })];
  }
  const { serversPerAnswer } = regions;
  const serve = ({ weights, ...region }: (typeof regions.list)[0]) =>
    new ServedRegion({
      ...region,
      plan: (options) => planByCaller(options, weights, serversPerAnswer),
      isUp,
    });
  const [first, ...rest] = regions.list;
  return [serve(first), ...rest.map(serve)];
}

/** The preferred region, or the one that takes its place. */
function findLive(served: ServedRegions, preferred: number): ServedRegion {
  for (let step = 0; step < served.length; step++) {
    const region = served[(preferred + step) % served.length];
    if (region?.hasLiveTurn()) {
      return region;
    }
  }
  return served[preferred] ?? served[0];
}

/** @param turn of any region: they do not differ in their lives */
function checkRequest(
  { ttlSeconds, maxUrls }: IceServerRequest,
  turn: TurnSettings | undefined,
): void {
  if (maxUrls < 0) {
    throw new InvalidFieldError("max_urls", "must be 0 (no limit) or more");
  }
  const bounds = turn ?? { minTtlSeconds: 0, ttlSeconds: Number.MAX_SAFE_INTEGER };
  if (
    ttlSeconds !== 0 &&
    !(ttlSeconds >= bounds.minTtlSeconds && ttlSeconds <= bounds.ttlSeconds)
  ) {
    throw new InvalidFieldError(
      "ttl_seconds",
      turn === undefined
        ? "must be 0 (the default) or more"
        : `must be 0 (the default) or from ${bounds.minTtlSeconds} to ${bounds.ttlSeconds}`,
    );
  }
}
