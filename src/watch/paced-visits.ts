import type { StartTimer } from "../clock.js";

/** All are visited within about `visitMs * visitCount`. */
const visitMs = 10;
const visitCount = 50;
const minPerVisit = 20;

/**
 * Visits many, a part of them at a time: neither is everybody else kept waiting, nor do all clients
 * get something at once.
 */
export class PacedVisits<T> {
  readonly #visit: (one: T) => void;
  readonly #startTimer: StartTimer;
  readonly #waiting = new Set<T>();
  #perVisit = 0;

  constructor(visit: (one: T) => void, startTimer: StartTimer) {
    this.#visit = visit;
    this.#startTimer = startTimer;
  }

  /** Those that still wait from an earlier call keep their place before the others. */
  add(all: Iterable<T>): void {
    const isUnderWay = this.#waiting.size > 0;
    for (const one of all) {
      this.#waiting.add(one);
    }
    const perVisit = Math.max(minPerVisit, Math.ceil(this.#waiting.size / visitCount));
    this.#perVisit = isUnderWay ? Math.max(this.#perVisit, perVisit) : perVisit;
    if (!isUnderWay) {
      this.#visitSome();
    }
  }

  has(one: T): boolean {
    return this.#waiting.has(one);
  }

  delete(one: T): void {
    this.#waiting.delete(one);
  }

  #visitSome(): void {
    let left = this.#perVisit;
    for (const one of this.#waiting) {
      if (left === 0) {
        break;
      }
      left -= 1;
      this.#waiting.delete(one);
      this.#visit(one);
    }
    if (this.#waiting.size > 0) {
      this.#startTimer(() => this.#visitSome(), visitMs);
    }
  }
}
