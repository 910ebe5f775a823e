import type { Metric } from "../observability/metric.js";

/** What one worker has counted, as of its last report. */
export class WorkerMetrics {
  readonly #ask: () => void;
  #last: readonly Metric[] = [];
  #asked: { readonly answer: Promise<void>; readonly settle: () => void } | undefined;

  /** @param ask has the worker report */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Its last report; empty before the first one. */
  get last(): readonly Metric[] {
    return this.#last;
  }

  /** Settles at the next answer. A worker that is late is not asked again meanwhile. */
  refresh(): Promise<void> {
    if (this.#asked === undefined) {
      let settle = () => {};
      const answer = new Promise<void>((resolve) => {
        settle = resolve;
      });
      this.#asked = { answer, settle };
      this.#ask();
    }
    return this.#asked.answer;
  }

  /** To be called with each answer, which has no metrics when they could not be read. */
  receive(metrics: readonly Metric[] = this.#last): void {
    this.#last = metrics;
    this.giveUp();
  }

  /** Ends the wait for an answer, because the worker has ended. */
  giveUp(): void {
    this.#asked?.settle();
    this.#asked = undefined;
  }
}
