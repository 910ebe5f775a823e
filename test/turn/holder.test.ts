import { describe, expect, it } from "vitest";
import { findHolderKey, type Holder, hashHolder } from "../../src/turn/holder.js";

describe("findHolderKey", () => {
  it("tells holders apart, wherever an issuer ends and a subject begins", () => {
    const holders: Holder[] = [
      { kind: "jwt", issuer: "ab", subject: "c" },
      { kind: "jwt", issuer: "a", subject: "bc" },
      { kind: "connector", issuer: "", subject: "abc" },
      { kind: "jwt", issuer: 'a","b', subject: "c" },
      { kind: "jwt", issuer: "a", subject: 'b","c' },
      { kind: "jwt", issuer: "ab", subject: "c", user: "d" },
      { kind: "jwt", issuer: "ab", subject: "cd", user: "" },
      { kind: "jwt", issuer: "ab", subject: 'c","d' },
    ];
    expect(new Set(holders.map(findHolderKey)).size).toBe(holders.length);
  });
});

describe("hashHolder", () => {
  it("tells issuers, subjects, and users apart", () => {
    const hashes = [
      hashHolder({ kind: "connector", issuer: "", subject: "alice" }),
      hashHolder({ kind: "jwt", issuer: "https://a.test", subject: "alice" }),
      hashHolder({ kind: "jwt", issuer: "https://b.test", subject: "alice" }),
      hashHolder({ kind: "jwt", issuer: "https://a.testa", subject: "lice" }),
      hashHolder({ kind: "jwt", issuer: "https://a.test", subject: "bob" }),
      hashHolder({ kind: "jwt", issuer: "https://a.test", subject: "bob", user: "alice" }),
      hashHolder({ kind: "jwt", issuer: "https://a.test", subject: "bob", user: "carol" }),
      hashHolder({ kind: "jwt", issuer: "https://a.test", subject: "bobalice" }),
      hashHolder({ kind: "jwt", issuer: "https://a.test", subject: "alice", user: "bob" }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
