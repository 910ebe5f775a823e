import { describe, expect, it } from "vitest";
import { findHolderKey, hashHolder } from "../../src/turn/holder.js";

describe("findHolderKey", () => {
  it("tells holders apart, wherever an issuer ends and a subject begins", () => {
    const holders = [
      { issuer: "ab", subject: "c" },
      { issuer: "a", subject: "bc" },
      { subject: "abc" },
      { issuer: 'a","b', subject: "c" },
      { issuer: "a", subject: 'b","c' },
    ];
    expect(new Set(holders.map(findHolderKey)).size).toBe(holders.length);
  });
});

describe("hashHolder", () => {
  it("tells issuers and subjects apart", () => {
    const hashes = [
      hashHolder({ subject: "alice" }),
      hashHolder({ issuer: "https://a.test", subject: "alice" }),
      hashHolder({ issuer: "https://b.test", subject: "alice" }),
      hashHolder({ issuer: "https://a.testa", subject: "lice" }),
      hashHolder({ issuer: "https://a.test", subject: "bob" }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
