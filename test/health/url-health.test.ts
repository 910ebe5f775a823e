import { describe, expect, it } from "vitest";
import { UrlHealth } from "../../src/health/url-health.js";

const good = { works: true, roundTripMs: 1 };
const bad = { works: false, failure: { cause: "refused", detail: "nobody there" } } as const;
const full = { works: true, failure: { cause: "quota", detail: "486" } } as const;
const outcomes = { g: good, b: bad, f: full };

/** The states after each of some outcomes: unknown, up or down. */
function follow(letters: string, failures: number, successes: number): string {
  const health = new UrlHealth(0);
  return [...letters]
    .map((letter, index) => {
      const outcome = letter === "g" ? outcomes.g : letter === "b" ? outcomes.b : outcomes.f;
      health.record(outcome, { failures, successes }, index + 1);
      return health.state.slice(0, 1);
    })
    .join("");
}

describe("UrlHealth", () => {
  it.each([
    ["bbb", 3, 2, "uud"],
    ["bbgbbgb", 3, 2, "uuuuuuu"],
    ["gbb", 2, 2, "uud"],
    ["bbgg", 2, 2, "uddu"],
    ["bbgbgg", 2, 2, "uddddu"],
    ["bgb", 1, 1, "dud"],
    ["fff", 1, 1, "uuu"],
    ["bf", 1, 1, "du"],
  ])("%s with %s failures and %s successes is %s", (letters, failures, successes, states) => {
    expect(follow(letters, failures, successes)).toBe(states);
  });

  it("tells since when it has its state, and what was seen last", () => {
    const health = new UrlHealth(5);
    const once = { failures: 1, successes: 1 };
    expect([health.state, health.sinceMs, health.last]).toEqual(["unknown", 5, undefined]);
    expect(health.record(good, once, 10)).toBe(true);
    expect([health.state, health.sinceMs, health.failure]).toEqual(["up", 10, undefined]);
    expect(health.record(good, once, 20)).toBe(false);
    expect([health.sinceMs, health.last]).toEqual([10, { ...good, atMs: 20 }]);
    expect(health.record(bad, once, 30)).toBe(true);
    expect([health.state, health.sinceMs, health.failure]).toEqual(["down", 30, bad.failure]);
  });
});
