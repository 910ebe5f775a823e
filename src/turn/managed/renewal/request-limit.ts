const hourMs = 3_600_000;

/** Counts the requests of the last hour. */
export class RequestLimit {
  readonly #max: number;
  /** When each was made, in Unix milliseconds; as many as there may be. */
  #madeAtMs: readonly number[] = [];

  /** @param maxPerHour undefined is no limit */
  constructor(maxPerHour: number | undefined) {
    this.#max = maxPerHour ?? Number.POSITIVE_INFINITY;
  }

  add(nowMs: number): void {
    if (this.#max !== Number.POSITIVE_INFINITY) {
      this.#madeAtMs = [...this.#madeAtMs, nowMs].slice(-this.#max);
    }
  }

  /** How long there may be no other, in milliseconds. A clock that was set back does not stretch it. */
  findWaitMs(nowMs: number): number {
    const [oldest] = this.#madeAtMs;
    return oldest === undefined || this.#madeAtMs.length < this.#max
      ? 0
      : Math.min(hourMs, Math.max(0, oldest + hourMs - nowMs));
  }
}
