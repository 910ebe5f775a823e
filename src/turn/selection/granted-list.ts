import type { CredentialLife, IceServer, IceServerList } from "../../ice/ice-server-list.js";
import type { TurnGrant } from "../provider.js";
import type { GrantedList, UrlSelection } from "./url-limits.js";

/**
 * Adds a grant's credentials to a selection of URLs. A call with the selection, grant, and life of one
 * of the two before it gets that one's list, as the same object, which need not be encoded again.
 *
 * @param nowSeconds the instant that the list is for, Unix time in whole seconds
 */
export function listGrant(
  selection: UrlSelection,
  grant: TurnGrant,
  nowSeconds: number,
): IceServerList {
  const { last, secondLast, stunOnly, managed } = selection;
  if (last !== undefined && isFor(last, grant, nowSeconds)) {
    return last.list;
  }
  if (secondLast !== undefined && isFor(secondLast, grant, nowSeconds)) {
    return secondLast.list;
  }
  const { servers, expiresAtSeconds } = listTurnServers(selection, grant);
  const credentialLife: CredentialLife = {
    expiresAtSeconds,
    ttlSeconds: expiresAtSeconds - nowSeconds,
  };
  const list = {
    iceServers: [...stunOnly.iceServers, ...servers],
    region: stunOnly.region,
    credentialLife,
    ...(managed && { managed }),
  };
  selection.secondLast = last;
  selection.last = { grant, atSeconds: nowSeconds, list };
  return list;
}

function isFor({ grant, atSeconds }: GrantedList, wanted: TurnGrant, nowSeconds: number): boolean {
  return grant === wanted && atSeconds === nowSeconds;
}

/** The entries that the selection has URLs of, and when the first of these expires. */
function listTurnServers(
  { turnUrls, turnTexts, managed }: UrlSelection,
  { entries, expiresAtSeconds }: TurnGrant,
): { readonly servers: readonly IceServer[]; readonly expiresAtSeconds: number } {
  const [{ username, credential }] = entries;
  if (entries.length === 1 && managed === undefined) {
    return { servers: [{ urls: turnTexts, username, credential }], expiresAtSeconds };
  }
  const chosen = entries.flatMap((entry) => {
    const urls = turnUrls.filter((url) => entry.urls.includes(url)).map(({ text }) => text);
    return urls.length === 0 ? [] : [{ entry, urls }];
  });
  return {
    servers: chosen.map(({ entry, urls }) => ({
      urls,
      username: entry.username,
      credential: entry.credential,
    })),
    expiresAtSeconds: Math.min(
      ...chosen.map(({ entry }) => entry.expiresAtSeconds ?? expiresAtSeconds),
    ),
  };
}
