import { isIP } from "node:net";
import { LRUCache } from "lru-cache";
import { type CountryResponse, Reader } from "mmdb-lib";
import { readBoundedBytes } from "../config/bounded-file.js";
import { ConfigError } from "../errors.js";
import type { Files } from "../files/files.js";

/** Files of countries have some 10 MB, files of cities, which name countries too, some 60 MB. */
const maxBytes = 128 * 1024 * 1024;
/** Records that are kept decoded; a file of countries has some hundreds. */
const maxDecodedRecords = 2_000;

/** Where an address is; codes in capitals, as ISO 3166-1 and MaxMind have them. */
export interface Place {
  readonly country: string | undefined;
  readonly continent: string | undefined;
}

const nowhere: Place = { country: undefined, continent: undefined };

/** Finds the country of an address, as far as that is known. Takes what is no address, too. */
export type FindPlace = (address: string) => Place;

/**
 * Opens a file in MaxMind's format (https://maxmind.github.io/MaxMind-DB/), such as
 * GeoLite2-Country.mmdb.
 *
 * @param key the configuration key to blame
 * @throws ConfigError when it cannot be read, or is no such file of countries
 */
export function openCountryDatabase(
  file: string,
  files: Pick<Files, "read">,
  key: string,
): FindPlace {
  const reader = openReader(readBoundedBytes(file, files, maxBytes, key), file, key);
  // A file of IPv4 alone would take the beginning of an IPv6 address for one of its own.
  const { ipVersion } = reader.metadata;
  return (address) => {
    const version = isIP(address);
    if (version === 0 || version > ipVersion) {
      return nowhere;
    }
    try {
      const { country, registered_country, continent } = reader.get(address) ?? {};
      return { country: (country ?? registered_country)?.iso_code, continent: continent?.code };
    } catch {
      // A damaged part of the file: it is no reason to refuse a caller.
      return nowhere;
    }
  };
}

function openReader(bytes: Uint8Array, file: string, key: string): Reader<CountryResponse> {
  const refuse = (problem: string) =>
    new ConfigError([{ key, problem, fix: "Give a file such as GeoLite2-Country.mmdb" }]);
  let reader: Reader<CountryResponse>;
  try {
    const cache = new LRUCache<string | number, object>({ max: maxDecodedRecords });
    reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { cache });
    // Of a file that is cut short or of another kind, this throws or leads out of it.
    reader.get("192.0.2.1");
    reader.get("2001:db8::1");
  } catch {
    throw refuse(`${file} is not a file in MaxMind's format`);
  }
  const { databaseType, binaryFormatMajorVersion } = reader.metadata;
  if (binaryFormatMajorVersion !== 2 || !/country|city|enterprise/i.test(String(databaseType))) {
    throw refuse(`${file} is a file of ${JSON.stringify(databaseType)}, not of countries`);
  }
  return reader;
}
