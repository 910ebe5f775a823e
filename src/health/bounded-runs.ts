/** Runs work, at most so much of it at a time; the rest waits in order. */
export class BoundedRuns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param concurrency at least 1 */
  constructor(concurrency: number) {
    this.#free = concurrency;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) {
      this.#free -= 1;
    } else {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#free += 1;
      } else {
        next();
      }
    }
  }
}
