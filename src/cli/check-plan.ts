import type { IceUrl } from "../ice/ice-url.js";
import { findServers, type ProbeOptions } from "../probe/probe.js";
import type { ProbeFailure } from "../probe/probe-failure.js";
import { canProbe, type ServerAddress } from "../probe/server-address.js";
import type { ProbeAccount } from "../turn/provider.js";
import type { UrlGroup } from "../turn/url-group.js";

/** One row of the check: an address, and for TURN what its credentials come from. */
export interface CheckTarget {
  readonly url: IceUrl;
  readonly account?: ProbeAccount;
  readonly server: ServerAddress;
}

/** A URL whose host has no address. */
export interface Unresolved {
  readonly url: IceUrl;
  readonly failure: ProbeFailure;
}

/**
 * Finds what there is to probe: each URL, at each of its addresses, with each account, in the order of
 * the groups. TURN over DTLS is left out.
 */
export async function planCheck(
  groups: readonly UrlGroup[],
  options: ProbeOptions,
): Promise<readonly (CheckTarget | Unresolved)[]> {
  const found = await Promise.all(
    groups.flatMap((group) => {
      const accounts = group.kind === "turn" ? group.provider.probeAccounts : [undefined];
      return group.urls.filter(canProbe).map((url) => planUrl(url, accounts, options));
    }),
  );
  return found.flat();
}

async function planUrl(
  url: IceUrl,
  accounts: readonly (ProbeAccount | undefined)[],
  options: ProbeOptions,
): Promise<readonly (CheckTarget | Unresolved)[]> {
  const servers = await findServers(url, options);
  return Array.isArray(servers)
    ? servers.flatMap((server) =>
        accounts.map((account) => ({ url, server, ...(account && { account }) })),
      )
    : [{ url, failure: servers }];
}
