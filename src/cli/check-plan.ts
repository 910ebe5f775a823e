import type { AcceptedSecret, IceServerSettings } from "../ice/ice-server-list.js";
import type { IceUrl } from "../ice/ice-url.js";
import { findServers, type ProbeOptions } from "../probe/probe.js";
import type { ProbeFailure } from "../probe/probe-failure.js";
import { canProbe, type ServerAddress } from "../probe/server-address.js";

/** One row of the check: an address, and for TURN the secret that signs for it. */
export interface CheckTarget {
  readonly url: IceUrl;
  readonly secret?: AcceptedSecret;
  readonly server: ServerAddress;
}

/** A URL whose host has no address. */
export interface Unresolved {
  readonly url: IceUrl;
  readonly failure: ProbeFailure;
}

/**
 * Finds what there is to probe: each URL, at each of its addresses, with each secret, in the
 * configuration's order. TURN over DTLS is left out.
 */
export async function planCheck(
  { stunUrls, turn }: IceServerSettings,
  options: ProbeOptions,
): Promise<readonly (CheckTarget | Unresolved)[]> {
  const secretsOf = new Map<IceUrl, readonly (AcceptedSecret | undefined)[]>([
    ...stunUrls.map((url) => [url, [undefined]] as const),
    ...(turn?.urls ?? []).map((url) => [url, turn?.acceptedSecrets ?? []] as const),
  ]);
  const found = await Promise.all(
    [...secretsOf].map(async ([url, secrets]) => {
      if (!canProbe(url)) {
        return [];
      }
      const servers = await findServers(url, options);
      return Array.isArray(servers)
        ? servers.flatMap((server) =>
            secrets.map((secret) => ({ url, server, ...(secret !== undefined && { secret }) })),
          )
        : [{ url, failure: servers }];
    }),
  );
  return found.flat();
}
