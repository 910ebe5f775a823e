import { setImmediate as turn } from "node:timers/promises";

/** A clock with its timers, both moved by hand. */
export class ManualTime {
  #nowMs: number;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  constructor(startSeconds: number) {
    this.#nowMs = startSeconds * 1000;
  }

  readonly clock = () => this.#nowMs;
  readonly startTimer = (callback: () => void, delayMs: number) => {
    this.#timers.push({ atMs: this.#nowMs + delayMs, callback });
  };

  get timerCount(): number {
    return this.#timers.length;
  }

  /** Sets the clock back. Timers run as if it had not been: they count what passes. */
  setBack(seconds: number): void {
    this.#nowMs -= seconds * 1000;
    this.#timers = this.#timers.map(({ atMs, callback }) => ({
      atMs: atMs - seconds * 1000,
      callback,
    }));
  }

  /** Runs the timers that fall due on the way, each followed by what it has set going. */
  async advance(seconds: number): Promise<void> {
    const endMs = this.#nowMs + seconds * 1000;
    await turn();
    while (true) {
      const next = this.#timers
        .filter(({ atMs }) => atMs <= endMs)
        .sort((one, other) => one.atMs - other.atMs)[0];
      if (next === undefined) {
        break;
      }
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#nowMs = next.atMs;
      next.callback();
      await turn();
    }
    this.#nowMs = endMs;
  }
}
