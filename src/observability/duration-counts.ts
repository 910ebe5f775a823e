import type { Sample } from "./metric.js";

/** Upper bounds in seconds: from what a call takes here to what no caller waits for. */
const boundsSeconds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];
const boundsMs = boundsSeconds.map((bound) => bound * 1000);

/** A histogram of durations. prom-client's own would take longer than what it measures. */
export class DurationCounts {
  /** For each bound what lies up to it and above the one before; at the end, the rest. */
  readonly #counts = [...boundsSeconds, Number.POSITIVE_INFINITY].map(() => 0);
  #sumMs = 0;

  add(durationMs: number): void {
    let index = 0;
    // Most are among the first.
    while (durationMs > (boundsMs[index] ?? Number.POSITIVE_INFINITY)) {
      index += 1;
    }
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sumMs += durationMs;
  }

  /** As Prometheus has histograms: each bucket holds those before it. */
  describe(name: string, labels: Sample["labels"]): Sample[] {
    let count = 0;
    const buckets = this.#counts.map((own, index) => {
      count += own;
      return {
        labels: { le: boundsSeconds[index] ?? "+Inf", ...labels },
        value: count,
        metricName: `${name}_bucket`,
      };
    });
    return [
      ...buckets,
      { labels, value: this.#sumMs / 1000, metricName: `${name}_sum` },
      { labels, value: count, metricName: `${name}_count` },
    ];
  }
}
