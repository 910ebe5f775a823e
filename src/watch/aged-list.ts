import type { IceServerList } from "../ice/ice-server-list.js";

/**
 * A list as it is at a later instant: the same servers (the same object), credential, and expiry, with
 * the seconds that are left of its life. Undefined when less than one is left.
 *
 * @param nowMs in Unix milliseconds
 */
export type AgeList = (list: IceServerList, nowMs: number) => IceServerList | undefined;

/**
 * Makes the function that ages lists. `ttlSeconds` is relative to when a client gets it, so a list
 * that is sent again with its first value would be refreshed too late. A call with the list and
 * second of the one before it returns the same object, which need not be encoded again.
 */
export function createListAging(): AgeList {
  let last: { readonly from: IceServerList; readonly aged: IceServerList } | undefined;
  return (list, nowMs) => {
    if (list.credentialLife === undefined) {
      return list;
    }
    const { expiresAtSeconds } = list.credentialLife;
    const ttlSeconds = expiresAtSeconds - Math.floor(nowMs / 1000);
    if (ttlSeconds < 1) {
      return undefined;
    }
    if (last?.from !== list || last.aged.credentialLife?.ttlSeconds !== ttlSeconds) {
      const aged = { ...list, credentialLife: { expiresAtSeconds, ttlSeconds } };
      last = { from: list, aged };
    }
    return last.aged;
  };
}
