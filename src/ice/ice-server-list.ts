import type { KeyObject } from "node:crypto";
import type { Clock } from "../clock.js";
import { InvalidFieldError } from "../errors.js";
import type { IceUrl } from "./ice-url.js";
import { issueTurnCredential } from "./turn-credential.js";
import { createPseudonymizer, encodeSubject } from "./turn-name.js";
import { selectUrls } from "./url-selection.js";

/** The W3C RTCIceServer dictionary. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

export interface IceServerRequest {
  /** Empty is the default region. */
  readonly region: string;
  /** 0 is the configured default. */
  readonly ttlSeconds: number;
  /** 0 is no limit. */
  readonly maxUrls: number;
}

/** What naming a credential needs to know of its caller. */
export interface IceServerCaller {
  readonly issuer?: string;
  readonly subject: string;
  readonly expiresAtSeconds?: number;
}

export interface IceServerList {
  readonly iceServers: readonly IceServer[];
  readonly region: string;
  /** Present with TURN credentials only. */
  readonly credentialLife?: { readonly expiresAtSeconds: number; readonly ttlSeconds: number };
}

/**
 * Answers a caller with its servers.
 * @param nowMs the instant that the answer is for, in Unix milliseconds; the present by default
 */
export type ListIceServers = (
  caller: IceServerCaller,
  request: IceServerRequest,
  nowMs?: number,
) => IceServerList;

export type TurnIdentity = "static" | "subject" | "pseudonym";

export interface TurnSettings {
  /** At least one. */
  readonly urls: readonly IceUrl[];
  /** The shared secret that signs. */
  readonly secret: KeyObject;
  readonly ttlSeconds: number;
  readonly minTtlSeconds: number;
  readonly identity: TurnIdentity;
  /** The name in usernames when `identity` is `static`. */
  readonly name: string;
  /** Whether a credential ends no later than the token that asked for it. */
  readonly capAtTokenExpiry: boolean;
}

export interface IceServerSettings {
  readonly stunUrls: readonly IceUrl[];
  /** Absent when no TURN server is configured: answers then hold STUN entries only. */
  readonly turn?: TurnSettings;
}

/** The caller's token has no life left that a credential could share. */
export class CallerExpiredError extends Error {
  override readonly name = "CallerExpiredError";
}

/** What a limit of URLs leaves, and the last list with TURN that was made of it. */
interface Selection {
  readonly stunOnly: IceServerList;
  readonly turnUrls: readonly string[];
  last?: { readonly name: string; readonly list: TurnServerList };
}

type TurnServerList = IceServerList & Required<Pick<IceServerList, "credentialLife">>;

/**
 * Makes the function that answers a caller with its servers. All that does not depend on the
 * request is prepared here, once. A call with the name, expiry and life of the one before it gets that
 * one's list, as the same object: nothing is signed again, and whoever encodes it can tell that it
 * need not.
 *
 * The function throws InvalidFieldError when a field of the request is out of range, and
 * CallerExpiredError when `capAtTokenExpiry` leaves no life at all.
 */
export function createIceServerLister(
  { stunUrls, turn }: IceServerSettings,
  clock: Clock,
): ListIceServers {
  const allUrls = [...stunUrls, ...(turn?.urls ?? [])];
  const stunSet = new Set(stunUrls);
  const select = (maxUrls: number): Selection => {
    const urls = selectUrls(allUrls, maxUrls);
    const stunServers = urls
      .filter((url) => stunSet.has(url))
      .map(({ text }) => ({ urls: [text] }));
    return {
      stunOnly: { iceServers: stunServers, region: "" },
      turnUrls: urls.filter((url) => !stunSet.has(url)).map(({ text }) => text),
    };
  };
  const everything = select(0);
  // For each limit that cuts anything; at index 0, no limit.
  const selections = allUrls.map((_, maxUrls) => select(maxUrls));
  const nameCaller = turn === undefined ? () => "" : createNaming(turn);

  return (caller, request, nowMs = clock()) => {
    checkRequest(request, turn);
    const selection = selections[request.maxUrls] ?? everything;
    if (turn === undefined) {
      return selection.stunOnly;
    }
    const nowSeconds = Math.floor(nowMs / 1000);
    const wantedExpiry = nowSeconds + (request.ttlSeconds || turn.ttlSeconds);
    const expiresAtSeconds = turn.capAtTokenExpiry
      ? Math.min(wantedExpiry, Math.floor(caller.expiresAtSeconds ?? wantedExpiry))
      : wantedExpiry;
    const ttlSeconds = expiresAtSeconds - nowSeconds;
    if (ttlSeconds <= 0) {
      throw new CallerExpiredError("the caller's token has expired");
    }
    const name = nameCaller(caller);
    const { last } = selection;
    if (
      last?.name === name &&
      last.list.credentialLife.expiresAtSeconds === expiresAtSeconds &&
      last.list.credentialLife.ttlSeconds === ttlSeconds
    ) {
      return last.list;
    }
    const credential = issueTurnCredential(turn.secret, name, expiresAtSeconds);
    const list = {
      iceServers: [...selection.stunOnly.iceServers, { urls: selection.turnUrls, ...credential }],
      region: "",
      credentialLife: { expiresAtSeconds, ttlSeconds },
    };
    selection.last = { name, list };
    return list;
  };
}

function createNaming({
  identity,
  name,
  secret,
}: TurnSettings): (caller: IceServerCaller) => string {
  switch (identity) {
    case "static":
      return () => name;
    case "subject":
      return ({ subject }) => encodeSubject(subject);
    case "pseudonym":
      return createPseudonymizer(secret);
  }
}

function checkRequest(request: IceServerRequest, turn: TurnSettings | undefined): void {
  const { region, ttlSeconds, maxUrls } = request;
  if (region !== "") {
    throw new InvalidFieldError("region", "is unknown: no regions are configured; leave it empty");
  }
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
