import type { Metric } from "../observability/metric.js";

/** What one worker has counted, as far as it has told. */
export class WorkerMetrics {
  readonly #ask: () => void;
  #last: readonly Metric[] = [];
  #asked: { readonly answer: Promise<void>; readonly settle: () => void } | undefined;

  /** @param ask has the worker report */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** What it told last; nothing before the first time. */
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

  /** To be called with each answer. */
  receive(metrics: readonly Metric[]): void {
    this.#last = metrics;
    this.giveUp();
  }

  /** Lets go of who waits, as the worker has ended. */
  giveUp(): void {
    this.#asked?.settle();
    this.#asked = undefined;
  }
}
