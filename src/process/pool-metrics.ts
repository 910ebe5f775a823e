import { describeGauge, type Metric } from "../observability/metric.js";
import { shareWhilePending } from "../observability/share-while-pending.js";
import type { RunningWorker } from "./running-worker.js";

type ProcessMetrics = readonly Metric[];

/** Well below the 10 s that Prometheus waits for a scrape by default. */
const answerTimeoutMs = 2_000;

/**
 * What all workers have counted, those that have ended included: their sum must not go down when one
 * is replaced, as Prometheus would take that for a restart, and count all of the others again.
 */
export class PoolMetrics {
  readonly #workers = new Set<RunningWorker>();
  /** The last counts of workers that have ended. */
  #ended: ProcessMetrics[] = [];

  /** Asks every worker. One that takes too long counts with its last report. */
  readonly read = shareWhilePending(() => this.#ask());

  /** Takes a worker in, from when it is ready until it ends. */
  follow(worker: RunningWorker): void {
    const { ready, ended, metrics } = worker;
    void ready.then(
      () => this.#workers.add(worker),
      () => {},
    );
    void ended.then(() => {
      this.#workers.delete(worker);
      this.#ended.push(metrics.last.filter(isCount));
      metrics.giveUp();
    });
  }

  async #ask(): Promise<ProcessMetrics[]> {
    const { sumMetrics } = await import("../observability/prometheus.js");
    const lateCount = await this.#refresh();
    const ended = this.#ended;
    this.#ended = [];
    this.#ended.push(await sumMetrics(ended));
    const states = { answering: this.#workers.size - lateCount, late: lateCount };
    return [
      [
        describeGauge(
          "ice_workers",
          "Ready workers, by whether they reported their figures in time (answering, late).",
          Object.entries(states).map(([state, value]) => ({ labels: { state }, value })),
        ),
      ],
      ...this.#ended,
      ...[...this.#workers].map(({ metrics }) => metrics.last),
    ];
  }

  /** @returns how many were late */
  async #refresh(): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, answerTimeoutMs);
    });
    let waiting = 0;
    const answers = [...this.#workers].map(async ({ metrics }) => {
      waiting += 1;
      await metrics.refresh();
      waiting -= 1;
    });
    await Promise.race([Promise.all(answers), timeout]);
    clearTimeout(timer);
    return waiting;
  }
}

/** Whether a metric only grows. */
function isCount({ type }: Metric): boolean {
  return type === "counter" || type === "histogram";
}
