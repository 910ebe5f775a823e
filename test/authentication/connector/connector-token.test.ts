import { describe, expect, it } from "vitest";
import {
  createConnectorToken,
  hashConnectorToken,
} from "../../../src/authentication/connector/connector-token.js";

describe("createConnectorToken", () => {
  it("makes 256 bits in base64url, another each time", () => {
    const tokens = Array.from({ length: 100 }, createConnectorToken);
    expect(tokens).toEqual(tokens.map(() => expect.stringMatching(/^ice_[\w-]{43}$/)));
    expect(new Set(tokens).size).toBe(tokens.length);
  });
});

describe("hashConnectorToken", () => {
  it("is SHA-256 in hex (vector of FIPS 180-2)", () => {
    expect(hashConnectorToken("abc")).toBe(
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});
