import { describe, expect, it } from "vitest";
import { hashHolder } from "../../src/turn/holder.js";

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
