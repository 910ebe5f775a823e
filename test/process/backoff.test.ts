import { describe, expect, it } from "vitest";
import { RestartBackoff } from "../../src/process/backoff.js";

describe("RestartBackoff", () => {
  it("replaces at once at first, then ever later, up to 30 s", () => {
    const backoff = new RestartBackoff();
    expect(Array.from({ length: 9 }, () => backoff.next(0))).toEqual([
      0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });

  it("starts over after a worker that was up for a minute", () => {
    const backoff = new RestartBackoff();
    backoff.next(0);
    expect(backoff.next(59_999)).toBe(500);
    expect(backoff.next(60_000)).toBe(0);
    expect(backoff.next(0)).toBe(500);
  });
});
