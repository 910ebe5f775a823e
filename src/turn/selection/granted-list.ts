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
  const { last, secondLast, stunOnly } = selection;
  const ttlSeconds = grant.expiresAtSeconds - nowSeconds;
  if (last !== undefined && isFor(last, grant, ttlSeconds)) {
    return last.list;
  }
  if (secondLast !== undefined && isFor(secondLast, grant, ttlSeconds)) {
    return secondLast.list;
  }
  const credentialLife: CredentialLife = { expiresAtSeconds: grant.expiresAtSeconds, ttlSeconds };
  const list = {
    iceServers: [...stunOnly.iceServers, ...listTurnServers(selection, grant)],
    region: stunOnly.region,
    credentialLife,
  };
  selection.secondLast = last;
  selection.last = { grant, list };
  return list;
}

function isFor({ grant, list }: GrantedList, wanted: TurnGrant, ttlSeconds: number): boolean {
  return grant === wanted && list.credentialLife.ttlSeconds === ttlSeconds;
}

function listTurnServers(
  { turnUrls, turnTexts }: UrlSelection,
  { entries }: TurnGrant,
): readonly IceServer[] {
  const [{ username, credential }] = entries;
  if (entries.length === 1) {
    return [{ urls: turnTexts, username, credential }];
  }
  return entries.flatMap((entry) => {
    const urls = turnUrls.filter((url) => entry.urls.includes(url)).map(({ text }) => text);
    return urls.length === 0
      ? []
      : [{ urls, username: entry.username, credential: entry.credential }];
  });
}
