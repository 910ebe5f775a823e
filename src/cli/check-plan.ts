import {
  type AcceptedSecret,
  type IceServerSettings,
  listFleets,
  type TurnSettings,
} from "../ice/ice-server-list.js";
import type { IceUrl } from "../ice/ice-url.js";
import { findServers, type ProbeOptions } from "../probe/probe.js";
import type { ProbeFailure } from "../probe/probe-failure.js";
import { canProbe, type ServerAddress } from "../probe/server-address.js";

/** One row of the check: an address, and for TURN the secret that signs for it. */
export interface CheckTarget {
  readonly url: IceUrl;
  readonly signer?: CheckSigner;
  readonly server: ServerAddress;
}

export interface CheckSigner {
  readonly secret: AcceptedSecret;
  readonly turn: TurnSettings;
}

/** A URL whose host has no address. */
export interface Unresolved {
  readonly url: IceUrl;
  readonly failure: ProbeFailure;
}

/**
 * Finds what there is to probe: each URL, at each of its addresses, with each secret, in the
 * configuration's order, region by region. TURN over DTLS is left out.
 */
export async function planCheck(
  ice: IceServerSettings,
  options: ProbeOptions,
): Promise<readonly (CheckTarget | Unresolved)[]> {
  const signersOf = new Map<IceUrl, readonly (CheckSigner | undefined)[]>();
  for (const { stunUrls, turn } of listFleets(ice)) {
    for (const url of stunUrls) {
      signersOf.set(url, [undefined]);
    }
    for (const url of turn?.urls ?? []) {
      signersOf.set(url, turn?.acceptedSecrets.map((secret) => ({ secret, turn })) ?? []);
    }
  }
  const found = await Promise.all(
    [...signersOf].map(async ([url, signers]) => {
      if (!canProbe(url)) {
        return [];
      }
      const servers = await findServers(url, options);
      return Array.isArray(servers)
        ? servers.flatMap((server) =>
            signers.map((signer) => ({ url, server, ...(signer !== undefined && { signer }) })),
          )
        : [{ url, failure: servers }];
    }),
  );
  return found.flat();
}
