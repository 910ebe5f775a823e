import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DiskFiles } from "../../src/files/disk-files.js";
import { openCountryDatabase } from "../../src/geolocation/country-database.js";
import { problemsOf } from "../config-problems.js";
import { writeCountryDatabase } from "../parts/country-database.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { networks, places } from "./country-places.js";

const key = "ice.turn.regionFrom.database";
let directory: TemporaryDirectory;
let file: string;

beforeAll(async () => {
  directory = await createTemporaryDirectory("countries");
  file = await write("countries.mmdb", writeCountryDatabase(networks));
});
afterAll(() => directory.remove());

async function write(name: string, content: Uint8Array): Promise<string> {
  await directory.write(name, content);
  return join(directory.path, name);
}

describe("openCountryDatabase", () => {
  it.each(places)("finds %s in %s, %s", (address, country, continent) => {
    const findPlace = openCountryDatabase(file, new DiskFiles(), key);
    expect(findPlace(address)).toEqual({ country, continent });
    // What was decoded is kept.
    expect(findPlace(address)).toEqual({ country, continent });
  });

  it.each(["", "unknown", "192.0.2", "192.0.2.1, 192.0.2.200", "192.0.2.1:80", "[2001:db8::1]"])(
    "knows nothing of what is no address: %j",
    (address) => {
      const findPlace = openCountryDatabase(file, new DiskFiles(), key);
      expect(findPlace(address)).toEqual({ country: undefined, continent: undefined });
    },
  );

  it("takes no IPv6 address for one of IPv4, in a file that has IPv4 alone", async () => {
    const ofIPv4 = await write(
      "ipv4.mmdb",
      writeCountryDatabase({ "32.1.0.0/16": { country: "DE" } }, { ipVersion: 4 }),
    );
    const findPlace = openCountryDatabase(ofIPv4, new DiskFiles(), key);
    expect(findPlace("32.1.13.184").country).toBe("DE");
    expect(findPlace("2001:db8::1").country).toBeUndefined();
  });

  it.each<[string, (whole: Buffer) => Uint8Array, RegExp]>([
    ["nothing in it", () => Buffer.alloc(0), /MaxMind's format/],
    ["text", () => Buffer.from("192.0.2.0/24,DE\n".repeat(1000)), /MaxMind's format/],
    ["its end cut off", (whole) => whole.subarray(0, -40), /MaxMind's format/],
    [
      "another kind of records",
      () => writeCountryDatabase(networks, { databaseType: "GeoLite2-ASN" }),
      /GeoLite2-ASN/,
    ],
  ])("refuses a file with %s", async (_, change, text) => {
    const bad = await write("bad.mmdb", change(writeCountryDatabase(networks)));
    const [problem] = problemsOf(() => openCountryDatabase(bad, new DiskFiles(), key));
    expect(problem).toMatchObject({ key, problem: expect.stringMatching(text) });
  });

  it("refuses a file that is not there", () => {
    const [problem] = problemsOf(() => openCountryDatabase("/nowhere", new DiskFiles(), key));
    expect(problem).toMatchObject({ key, problem: expect.stringContaining("ENOENT") });
  });
});
