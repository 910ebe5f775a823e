import { describe, expect, it } from "vitest";
import { findCallerKey } from "../../src/authentication/caller-key.js";
import { connectorCaller, jwtCaller } from "../parts/callers.js";

describe("findCallerKey", () => {
  it("tells callers apart, whatever their names hold", () => {
    const callers = [
      jwtCaller("a", "b"),
      jwtCaller("ab", ""),
      jwtCaller("", "ab"),
      jwtCaller("a", "2:b"),
      connectorCaller("b"),
      connectorCaller("jwt:1:ab"),
      jwtCaller("", "b"),
      jwtCaller("a", "x".repeat(1000)),
      jwtCaller("a", `${"x".repeat(1000)}y`),
    ];
    expect(new Set(callers.map(findCallerKey)).size).toBe(callers.length);
  });

  it("is the same for each token of a caller", () => {
    expect(findCallerKey(jwtCaller("a", "b", { expiresAtSeconds: 5 }))).toBe(
      findCallerKey(jwtCaller("a", "b")),
    );
  });

  it("is short even for a long subject", () => {
    expect(findCallerKey(jwtCaller("a", "x".repeat(8000))).length).toBeLessThan(100);
  });
});
