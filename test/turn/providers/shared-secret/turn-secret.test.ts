import { describe, expect, it } from "vitest";
import {
  createTurnSecret,
  fingerprintSecret,
} from "../../../../src/turn/providers/shared-secret/turn-secret.js";

describe("createTurnSecret", () => {
  it("makes 256 bits in hex, new ones each time", () => {
    const secrets = Array.from({ length: 100 }, createTurnSecret);
    expect(secrets.filter((secret) => /^[0-9a-f]{64}$/.test(secret))).toHaveLength(100);
    expect(new Set(secrets).size).toBe(100);
  });
});

describe("fingerprintSecret", () => {
  it("is what `printf %s north | sha256sum` begins with", () => {
    expect(fingerprintSecret("north")).toBe("dc365e79d41c");
  });
});
