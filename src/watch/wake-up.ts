import type { StartTimer } from "../clock.js";

/**
 * One wait for what is due next. It can be brought forward: timers cannot be cancelled, so one that was
 * started for a later moment then goes off for nothing.
 */
export class WakeUp {
  readonly #startTimer: StartTimer;
  readonly #onDue: () => void;
  #next: { readonly atMs: number } | undefined;

  /** @param onDue called when the wait is over */
  constructor(startTimer: StartTimer, onDue: () => void) {
    this.#startTimer = startTimer;
    this.#onDue = onDue;
  }

  /** Ends the wait at this moment, unless it ends earlier. Begins one if there is none. */
  at(dueMs: number, nowMs: number): void {
    const waitMs = Math.max(0, Math.ceil(dueMs - nowMs));
    const next = { atMs: nowMs + waitMs };
    if (this.#next !== undefined && this.#next.atMs <= next.atMs) {
      return;
    }
    this.#next = next;
    this.#startTimer(() => {
      if (this.#next === next) {
        this.#next = undefined;
        this.#onDue();
      }
    }, waitMs);
  }
}
