import { type StartTimer, systemTimer } from "../clock.js";
import { endNothing, type Guard } from "../http/guard.js";

/** Between two lines of the log. */
const logIntervalMs = 10_000;

/**
 * Counts what strangers can cause as often as they like, and has it logged, but not one by one: the
 * first one at once, those that follow once per 10 s.
 */
export class PacedCount {
  readonly #write: (count: number) => void;
  readonly #guard: Guard;
  readonly #startTimer: StartTimer;
  #total = 0;
  /** Since the last line of the log; undefined when that was long ago. */
  #unlogged: number | undefined;

  /** @param write logs how many came since it was last called */
  constructor(write: (count: number) => void, guard: Guard, startTimer: StartTimer = systemTimer) {
    this.#write = write;
    this.#guard = guard;
    this.#startTimer = startTimer;
  }

  get total(): number {
    return this.#total;
  }

  add(): void {
    this.#total += 1;
    if (this.#unlogged === undefined) {
      this.#log(1);
    } else {
      this.#unlogged += 1;
    }
  }

  /** Logs those that wait for the end of their interval: at the end of the process, nobody else will. */
  flush(): void {
    const count = this.#unlogged ?? 0;
    if (count > 0) {
      this.#unlogged = 0;
      this.#write(count);
    }
  }

  #log(count: number): void {
    this.#unlogged = 0;
    const logNext = this.#guard.wrap(() => {
      const next = this.#unlogged ?? 0;
      this.#unlogged = undefined;
      if (next > 0) {
        this.#log(next);
      }
    }, endNothing);
    this.#startTimer(logNext, logIntervalMs);
    this.#write(count);
  }
}
