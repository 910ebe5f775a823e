import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/errors.js";
import type { Files } from "../../src/files/files.js";
import { openCountryDatabase } from "../../src/geolocation/country-database.js";
import { writeCountryDatabase } from "../parts/country-database.js";
import { fuzzTimeoutMs, tryToBreak } from "./property.js";

const whole = writeCountryDatabase({
  "0.0.0.0/1": { country: "DE", continent: "EU" },
  "192.0.2.0/24": { country: "US", continent: "NA" },
  "2001:db8::/32": { country: "FR", continent: "EU" },
});
const change = fc.record({ offset: fc.nat(whole.length - 1), byte: fc.nat(255) });
const addresses = ["10.0.0.1", "192.0.2.1", "203.0.113.1", "2001:db8::1", "::1"];

/** @returns false when the file is refused */
function lookUpAll(bytes: Buffer): boolean {
  const image = { bytes, mode: 0o600, version: "1", isContainerSecret: false };
  const files: Pick<Files, "read"> = { read: () => image };
  try {
    const findPlace = openCountryDatabase("countries.mmdb", files, "key");
    for (const address of addresses) {
      findPlace(address);
    }
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return false;
  }
}

describe("a damaged file of countries", { timeout: fuzzTimeoutMs }, () => {
  it("is refused, or found out as it is read, and never breaks a call", async () => {
    expect(lookUpAll(whole)).toBe(true);
    await tryToBreak(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.nat(whole.length),
        (changes, length) => {
          const bytes = Buffer.from(whole);
          for (const { offset, byte } of changes) {
            bytes.writeUInt8(byte, offset);
          }
          lookUpAll(bytes);
          lookUpAll(bytes.subarray(0, length));
        },
      ),
    );
  });
});
