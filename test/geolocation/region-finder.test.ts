import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DiskFiles } from "../../src/files/disk-files.js";
import { createRegionFinder, type RequestOrigin } from "../../src/geolocation/region-finder.js";
import type { RegionFromConfig } from "../../src/geolocation/region-from-config.js";
import { writeCountryDatabase } from "../parts/country-database.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const proxy = "10.0.0.1";
const map = new Map([
  ["DE", "eu"],
  ["NA", "africa"],
  ["FRA", "paris"],
]);
const continents = new Map([
  ["EU", "eu"],
  ["NA", "us"],
]);
let directory: TemporaryDirectory;
let database: string;

beforeAll(async () => {
  directory = await createTemporaryDirectory("regions");
  await directory.write(
    "countries.mmdb",
    writeCountryDatabase({
      "192.0.2.0/24": { country: "DE", continent: "EU" },
      "192.0.3.0/24": { country: "FR", continent: "EU" },
      "192.0.4.0/24": { country: "NA", continent: "AF" },
      "192.0.5.0/24": { country: "CA", continent: "NA" },
      "192.0.6.0/24": { country: "BR", continent: "SA" },
      "192.0.7.0/24": { continent: "EU" },
    }),
  );
  database = join(directory.path, "countries.mmdb");
});
afterAll(() => directory.remove());

function find(
  settings: Partial<RegionFromConfig>,
  headers: Record<string, string>,
  origin: RequestOrigin,
): string | undefined {
  const config = { map, continents, ...settings };
  const isTrustedProxy = (address: string) => address === proxy;
  const findRegion = createRegionFinder(config, { files: new DiskFiles(), isTrustedProxy });
  return findRegion?.(new Headers(headers), origin);
}

describe("createRegionFinder", () => {
  it("makes none where nothing is configured", () => {
    const options = { files: new DiskFiles(), isTrustedProxy: () => true };
    expect(createRegionFinder(undefined, options)).toBeUndefined();
  });

  it.each<[value: string, region: string]>([
    ["DE", "eu"],
    [" de ", "eu"],
    ["fra", "paris"],
    ["NA", "africa"],
    ["FR", ""],
    ["EU", ""],
    ["XX", ""],
    ["DE, US", ""],
    ["", ""],
  ])("reads the header of a trusted proxy: %j", (value, region) => {
    expect(
      find({ header: "cf-ipcountry" }, { "CF-IPCountry": value }, { peerAddress: proxy }),
    ).toBe(region);
  });

  it.each([undefined, "10.0.0.2"])("does not believe the header of %s", (peerAddress) => {
    expect(find({ header: "cf-ipcountry" }, { "CF-IPCountry": "DE" }, { peerAddress })).toBe("");
  });

  it("forgets no proxy, and trusts nobody who comes after one", () => {
    const options = { files: new DiskFiles(), isTrustedProxy: (each: string) => each === proxy };
    const findRegion = createRegionFinder({ header: "x", map, continents }, options);
    const headers = new Headers({ x: "DE" });
    const found = [proxy, proxy, "10.0.0.2", proxy].map((peerAddress) =>
      findRegion?.(headers, { peerAddress }),
    );
    expect(found).toEqual(["eu", "eu", "", "eu"]);
  });

  it.each<[clientAddress: string | undefined, region: string, why: string]>([
    ["192.0.2.1", "eu", "its country"],
    ["192.0.3.1", "eu", "its continent"],
    ["192.0.4.1", "africa", "its country, whose code is a continent's too"],
    ["192.0.5.1", "us", "its continent, whose code is a country's too"],
    ["192.0.6.1", "", "neither"],
    ["192.0.7.1", "eu", "its continent alone"],
    ["198.51.100.1", "", "nothing that is known"],
    [undefined, "", "no address"],
  ])("finds %s in %j by %s", (clientAddress, region) => {
    expect(find({ database }, {}, { clientAddress })).toBe(region);
  });

  it.each<[header: Record<string, string>, region: string]>([
    [{ "CF-IPCountry": "FRA" }, "paris"],
    [{ "CF-IPCountry": "XX" }, "us"],
    [{}, "us"],
  ])("takes the header first, then the address: %o", (headers, region) => {
    expect(
      find({ header: "cf-ipcountry", database }, headers, {
        peerAddress: proxy,
        clientAddress: "192.0.5.1",
      }),
    ).toBe(region);
  });
});
