import { describe, expect, it } from "vitest";
import { DurationCounts } from "../../src/observability/duration-counts.js";

/** The samples as `le` or name, with their values. */
function describeDurations(...durationsMs: number[]): Map<unknown, number> {
  const counts = new DurationCounts();
  for (const durationMs of durationsMs) {
    counts.add(durationMs);
  }
  const samples = counts.describe("x", { protocol: "rest" });
  return new Map(
    samples.map(({ labels, metricName, value }) => [labels["le"] ?? metricName, value]),
  );
}

describe("DurationCounts", () => {
  it("has a bucket hold what takes up to its bound, and all below", () => {
    const samples = describeDurations(0.05, 0.1, 0.11, 3, 5000, 5001, 60_000);
    expect([0.0001, 0.00025, 0.0025, 0.005, 2.5, 5, "+Inf"].map((le) => samples.get(le))).toEqual([
      2, 3, 3, 4, 4, 5, 7,
    ]);
    expect(samples.get("x_count")).toBe(7);
    expect(samples.get("x_sum")).toBeCloseTo(70.00426, 6);
  });

  it("has all samples from the start", () => {
    expect([...describeDurations().values()]).toEqual(Array.from({ length: 18 }, () => 0));
  });
});
