import type { Clock } from "../clock.js";
import { InvalidFieldError } from "../errors.js";
import type { IceServerList, IceServerRequest } from "../ice/ice-server-list.js";
import { checkTtl, findExpiry } from "./credential-life.js";
import { findServing } from "./failover.js";
import type { Holder } from "./holder.js";
import type { IceServerSettings } from "./ice-server-settings.js";
import type { ManagedChoice } from "./managed/managed-choice.js";
import type { TurnGrant } from "./provider.js";
import { listGrant } from "./selection/granted-list.js";
import type { IsUp } from "./selection/live-urls.js";
import type { UrlSelection } from "./selection/url-limits.js";
import { ServedRegion } from "./served-region.js";

/** Who asks. */
export interface IceServerCaller extends Holder {
  /** When the caller's token expires, in Unix seconds; absent where it never does. */
  readonly expiresAtSeconds?: number;
}

/** Answers callers with their servers. */
export interface IceServerLister {
  /** @throws InvalidFieldError when a field of the request is out of range */
  check(request: IceServerRequest): void;
  /**
   * Callers who get the same answer within a second get the same object. Answers at once, unless a
   * provider must ask a service first.
   *
   * @param nowMs the instant that the answer is for, in Unix milliseconds; the present by default
   * @throws InvalidFieldError as {@link check} does
   * @throws CallerExpiredError when `capAtTokenExpiry` leaves no life at all
   */
  list(
    caller: IceServerCaller,
    request: IceServerRequest,
    nowMs?: number,
  ): IceServerList | Promise<IceServerList>;
  /**
   * Names what {@link list} would answer now, but for the time: while this text stays the same, so do
   * the servers, and how credentials are made.
   *
   * @throws InvalidFieldError as {@link check} does
   */
  findVersion(caller: IceServerCaller, request: IceServerRequest): string;
}

/**
 * Prepares once all that does not depend on the request.
 * @param isUp undefined where nobody watches the servers: all are up then
 * @param managed undefined where no managed provider is configured
 */
export function createIceServerLister(
  { regions, defaultRegion, life }: IceServerSettings,
  clock: Clock,
  isUp?: IsUp,
  managed?: ManagedChoice,
): IceServerLister {
  const served = regions.map((region) => new ServedRegion(region, isUp, managed));
  const indexOf = new Map(served.map(({ name }, index) => [name, index]));
  // The caller who names no region.
  indexOf.set("", indexOf.get(defaultRegion) ?? 0);
  const names = regions.map(({ name }) => name).filter((name) => name !== "");
  const unknownRegion =
    names.length === 0
      ? "is unknown: no regions are configured; leave it empty"
      : `is unknown: the regions are ${names.join(", ")}`;
  const hasTurn = managed !== undefined || regions.some(({ turn }) => turn !== undefined);
  const turnLife = hasTurn ? life : undefined;

  function findRegion({ region, maxUrls, ttlSeconds }: IceServerRequest): ServedRegion {
    const index = indexOf.get(region);
    const preferred = index === undefined ? undefined : served[index];
    if (index === undefined || preferred === undefined) {
      throw new InvalidFieldError("region", unknownRegion);
    }
    if (maxUrls < 0) {
      throw new InvalidFieldError("max_urls", "must be 0 (no limit) or more");
    }
    checkTtl(ttlSeconds, turnLife);
    return findServing(served, index, hasLiveTurn) ?? preferred;
  }

  function listNow(
    region: ServedRegion,
    caller: IceServerCaller,
    { maxUrls, ttlSeconds }: IceServerRequest,
    nowMs: number,
  ): IceServerList | Promise<IceServerList> {
    const { servers, issuer } = region.plan();
    const selection = servers.choose(caller).cut(maxUrls);
    if (issuer === undefined) {
      return selection.stunOnly;
    }
    const nowSeconds = Math.floor(nowMs / 1000);
    const expiresAtSeconds = findExpiry(life, ttlSeconds, caller.expiresAtSeconds, nowSeconds);
    const grant = issuer.issue(caller, expiresAtSeconds);
    return grant instanceof Promise
      ? grant.then((late) => answer(region, selection, late, maxUrls, nowSeconds))
      : answer(region, selection, grant, maxUrls, nowSeconds);
  }

  return {
    check: findRegion,
    list(caller, request, nowMs = clock()) {
      const region = findRegion(request);
      const wait = region.findWait();
      return wait === undefined
        ? listNow(region, caller, request, nowMs)
        : wait.then(() => listNow(findRegion(request), caller, request, clock()));
    },
    findVersion(caller, request) {
      const { version } = findRegion(request).plan().servers.choose(caller).cut(request.maxUrls);
      // Compared by each watch after a change. None but the last part has a comma.
      return `${request.ttlSeconds || life.ttlSeconds},${life.capAtTokenExpiry},${version}`;
    },
  };
}

function answer(
  region: ServedRegion,
  selection: UrlSelection,
  grant: TurnGrant | undefined,
  maxUrls: number,
  nowSeconds: number,
): IceServerList {
  return grant === undefined
    ? region.planWithoutTurn().cut(maxUrls).stunOnly
    : listGrant(selection, grant, nowSeconds);
}

const hasLiveTurn = (region: ServedRegion) => region.hasLiveTurn();
