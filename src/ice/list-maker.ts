import {
  CallerExpiredError,
  type IceServerCaller,
  type IceServerList,
  type TurnSettings,
} from "./ice-server-list.js";
import { issueTurnCredential } from "./turn-credential.js";
import { createPseudonymizer, encodeSubject } from "./turn-name.js";
import type { NamedList, UrlSelection } from "./url-limits.js";

/**
 * Makes a caller's list of what a limit has left of the URLs.
 * @param ttlSeconds 0 is the configured default; else within the configured bounds
 */
export type MakeList = (
  selection: UrlSelection,
  caller: IceServerCaller,
  ttlSeconds: number,
  nowMs: number,
) => IceServerList;

/**
 * Makes the function that adds a credential to a selection of URLs. A call with the selection, name,
 * expiry and life of one of the two before it gets that one's list, as the same object: nothing is signed
 * again, and whoever encodes it can tell that it need not.
 *
 * The function throws CallerExpiredError when `capAtTokenExpiry` leaves no life at all.
 */
export function createListMaker(turn: TurnSettings | undefined): MakeList {
  if (turn === undefined) {
    return ({ stunOnly }) => stunOnly;
  }
  const nameCaller = createNaming(turn);

  return (selection, caller, requestedTtlSeconds, nowMs) => {
    const nowSeconds = Math.floor(nowMs / 1000);
    const wantedExpiry = nowSeconds + (requestedTtlSeconds || turn.ttlSeconds);
    const expiresAtSeconds = turn.capAtTokenExpiry
      ? Math.min(wantedExpiry, Math.floor(caller.expiresAtSeconds ?? wantedExpiry))
      : wantedExpiry;
    const ttlSeconds = expiresAtSeconds - nowSeconds;
    if (ttlSeconds <= 0) {
      throw new CallerExpiredError("the caller's token has expired");
    }
    const name = nameCaller(caller);
    const { last, secondLast, stunOnly } = selection;
    const life = { expiresAtSeconds, ttlSeconds };
    if (last !== undefined && isFor(last, name, life)) {
      return last.list;
    }
    if (secondLast !== undefined && isFor(secondLast, name, life)) {
      return secondLast.list;
    }
    const credential = issueTurnCredential(turn.secret, name, expiresAtSeconds);
    const list = {
      iceServers: [...stunOnly.iceServers, { urls: selection.turnUrls, ...credential }],
      region: stunOnly.region,
      credentialLife: life,
    };
    selection.secondLast = last;
    selection.last = { name, list };
    return list;
  };
}

function isFor(
  { name, list: { credentialLife } }: NamedList,
  wantedName: string,
  { expiresAtSeconds, ttlSeconds }: NamedList["list"]["credentialLife"],
): boolean {
  return (
    name === wantedName &&
    credentialLife.expiresAtSeconds === expiresAtSeconds &&
    credentialLife.ttlSeconds === ttlSeconds
  );
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
