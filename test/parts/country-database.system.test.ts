import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { networks, places } from "../geolocation/country-places.js";
import { runProgram } from "./child-process.js";
import { writeCountryDatabase } from "./country-database.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "./temporary-directory.js";

let directory: TemporaryDirectory;
let file: string;
beforeAll(async () => {
  directory = await createTemporaryDirectory("countries");
  file = await directory.write("countries.mmdb", writeCountryDatabase(networks));
});
afterAll(() => directory.remove());

/** What another reader, MaxMind's own, says. */
async function lookUp(address: string, ...path: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await runProgram("mmdblookup", ["--file", file, "--ip", address, ...path]);
    return /"(.*)"/.exec(stdout)?.[1];
  } catch {
    // It exits with an error for what it does not find.
    return undefined;
  }
}

describe("writeCountryDatabase", () => {
  it.each(places)(
    "writes what mmdblookup reads: %s is in %s, %s",
    async (address, country, continent) => {
      expect(await lookUp(address, "country", "iso_code")).toBe(country);
      expect(await lookUp(address, "continent", "code")).toBe(continent);
    },
  );
});
