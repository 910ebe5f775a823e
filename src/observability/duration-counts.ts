import type { Sample } from "./metric.js";

/** Upper bounds in seconds: from the duration of a call here to more than any caller waits. */
const boundsSeconds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];
const boundsMs = boundsSeconds.map((bound) => bound * 1000);

/**
 * A histogram of durations. prom-client's own would take longer than the calls that it measures.
 */
export class DurationCounts {
  /** For each bound, the count up to it and above the previous bound; at the end, the rest. */
  readonly #counts = [...boundsSeconds, Number.POSITIVE_INFINITY].map(() => 0);
  #sumMs = 0;

  add(durationMs: number): void {
    let index = 0;
    // Most durations are within the first bounds.
    while (durationMs > (boundsMs[index] ?? Number.POSITIVE_INFINITY)) {
      index += 1;
    }
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sumMs += durationMs;
  }

  /** Cumulative, as Prometheus defines histograms: each bucket includes those before it. */
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
