import type { Files } from "../files/files.js";
import { openCountryDatabase } from "./country-database.js";
import type { RegionFromConfig } from "./region-from-config.js";

/** Where a request comes from. */
export interface RequestOrigin {
  /** The other end of the connection as the socket has it; it may be a proxy. */
  readonly peerAddress?: string | undefined;
  /** The client, behind whatever trusted proxies. */
  readonly clientAddress?: string | undefined;
}

/** Finds the region of a request; the empty text where nothing determines it. */
export type FindRegion = (headers: Pick<Headers, "get">, origin: RequestOrigin) => string;

export interface RegionFinderOptions {
  readonly files: Files;
  /** Whether the header of such a peer is believed. */
  readonly isTrustedProxy: (address: string) => boolean;
}

/**
 * Makes the function that finds the region of callers who name none: by the header of a trusted
 * proxy, else by the country of the client's address, else by its continent.
 *
 * @returns undefined where nothing is configured to find it by
 * @throws ConfigError when the database cannot be used
 */
export function createRegionFinder(
  config: RegionFromConfig | undefined,
  { files, isTrustedProxy }: RegionFinderOptions,
): FindRegion | undefined {
  if (config === undefined) {
    return undefined;
  }
  const { header, database, map, continents } = config;
  const findPlace =
    database === undefined
      ? undefined
      : openCountryDatabase(database, files, "ice.turn.regionFrom.database");
  // Proxies are few, and looking one up costs as much as all the rest here.
  let lastProxy: string | undefined;

  return (headers, { peerAddress, clientAddress }) => {
    if (
      header !== undefined &&
      peerAddress !== undefined &&
      (peerAddress === lastProxy || isTrustedProxy(peerAddress))
    ) {
      lastProxy = peerAddress;
      const region = map.get(headers.get(header)?.trim().toUpperCase() ?? "");
      if (region !== undefined) {
        return region;
      }
    }
    if (findPlace === undefined || clientAddress === undefined) {
      return "";
    }
    const { country = "", continent = "" } = findPlace(clientAddress);
    return map.get(country) ?? continents.get(continent) ?? "";
  };
}
