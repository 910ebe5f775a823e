import { describe, expect, it } from "vitest";
import type { Caller } from "../../src/authentication/caller.js";
import { findCallerKey } from "../../src/authentication/caller-key.js";

const jwt = (issuer: string, subject: string): Caller => ({
  kind: "jwt",
  issuer,
  subject,
  expiresAtSeconds: 0,
});

describe("findCallerKey", () => {
  it("tells callers apart, whatever their names hold", () => {
    const callers: Caller[] = [
      jwt("a", "b"),
      jwt("ab", ""),
      jwt("", "ab"),
      jwt("a", "2:b"),
      { kind: "connector", subject: "b" },
      { kind: "connector", subject: "jwt:1:ab" },
      jwt("a", "x".repeat(1000)),
      jwt("a", `${"x".repeat(1000)}y`),
    ];
    expect(new Set(callers.map(findCallerKey)).size).toBe(callers.length);
  });

  it("is the same for each token of a caller", () => {
    expect(findCallerKey({ ...jwt("a", "b"), expiresAtSeconds: 5 })).toBe(
      findCallerKey(jwt("a", "b")),
    );
  });

  it("is short even for a long subject", () => {
    expect(findCallerKey(jwt("a", "x".repeat(8000))).length).toBeLessThan(100);
  });
});
