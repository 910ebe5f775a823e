import type { CancellableWait } from "../authentication/cancellable-wait.js";
import { TokenRejectedError } from "../authentication/token-rejected-error.js";
import type { Clock, StartTimer } from "../clock.js";

/** What one client address has left, and when to come back once that is nothing. */
export interface PermitSource {
  /** How many tokens may still be rejected in the present window, held permits not counted. */
  countLeft(): number;
  /** Counts a rejection. A promise where others share the count, which settles soon. */
  spend(): unknown;
  /** The error for a call that gets no permit: all are spent, or those who hold them took too long. */
  refuse(): Error;
  /** Called when no permit is held any more, and nobody waits. */
  onIdle(): void;
}

export interface PermitTiming {
  /** Never set back. */
  readonly monotonicClock: Clock;
  readonly startTimer: StartTimer;
}

interface Waiter {
  /** By the clock that stands still. */
  readonly dueAtMs: number;
  /** By the monotonic clock. */
  readonly latestAtMs: number;
  grant(): void;
  refuse(error: Error): void;
}

/** How long a call waits for a permit, while nobody who holds one waits for keys. */
const maxCountedMs = 2_000;
/** How long it waits at most: each holder before it may wait for a fetch of its own. */
const maxWaitMs = 10_000;

/**
 * The permits of one client address: as many unknown tokens may be under verification as may still be
 * rejected. Calls beyond wait in line.
 *
 * The time that they wait is counted by a clock that stands still while a call with a permit waits for
 * an issuer's keys: it is not their fault that these are slow. With introspection, nearly every holder
 * waits for a server, so that a limit by the monotonic clock holds as well.
 */
export class PermitQueue {
  readonly #source: PermitSource;
  readonly #timing: PermitTiming;
  readonly #waiters = new Set<Waiter>();
  #held = 0;
  #fetching = 0;
  /** What the clock showed when it last stopped, or was started again. */
  #countedMs = 0;
  #runningSinceMs: number;
  #hasTimer = false;
  #hasLatestTimer = false;

  constructor(source: PermitSource, timing: PermitTiming) {
    this.#source = source;
    this.#timing = timing;
    this.#runningSinceMs = timing.monotonicClock();
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Takes a permit if there is one, and nobody waits for it. */
  tryTake(): boolean {
    if (this.#waiters.size > 0 || this.#held >= this.#source.countLeft()) {
      return false;
    }
    this.#held += 1;
    return true;
  }

  /**
   * Waits for a permit, which is held from when the promise resolves.
   * @throws (as a rejection) what the source refuses with, or TokenRejectedError `cancelled`
   */
  wait({ signal }: CancellableWait): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (settle: () => void) => {
        this.#waiters.delete(waiter);
        signal.removeEventListener("abort", cancel);
        settle();
      };
      const waiter: Waiter = {
        dueAtMs: this.#readClock() + maxCountedMs,
        latestAtMs: this.#timing.monotonicClock() + maxWaitMs,
        grant: () => leave(resolve),
        refuse: (error) => leave(() => reject(error)),
      };
      const cancel = () => waiter.refuse(new TokenRejectedError("cancelled", false));
      this.#waiters.add(waiter);
      signal.addEventListener("abort", cancel, { once: true });
      if (signal.aborted) {
        cancel();
      }
      this.#startTimer();
      this.#startLatestTimer();
    });
  }

  /** Gives a permit back. */
  release(): void {
    this.#held -= 1;
    this.#serve();
    if (this.#held === 0 && this.#waiters.size === 0) {
      this.#source.onIdle();
    }
  }

  /** Uses a permit up. Until it is known what others have counted, it stays with its holder as well. */
  spend(): void {
    const counted = this.#source.spend();
    if (counted instanceof Promise) {
      counted.then(() => this.release());
      this.#serve();
    } else {
      this.release();
    }
  }

  /** To be called when a holder begins to wait for keys. */
  beginFetch(): void {
    if (this.#fetching === 0) {
      this.#countedMs = this.#readClock();
    }
    this.#fetching += 1;
  }

  /** To be called when that wait is over. */
  endFetch(): void {
    this.#fetching -= 1;
    if (this.#fetching === 0) {
      this.#runningSinceMs = this.#timing.monotonicClock();
      this.#startTimer();
    }
  }

  #readClock(): number {
    return this.#fetching > 0
      ? this.#countedMs
      : this.#countedMs + this.#timing.monotonicClock() - this.#runningSinceMs;
  }

  /** Gives the permits that are free to those who wait, in their order; or notifies them that none is left. */
  #serve(): void {
    const left = this.#source.countLeft();
    for (const waiter of this.#waiters) {
      if (left === 0) {
        waiter.refuse(this.#source.refuse());
      } else if (this.#held < left) {
        this.#held += 1;
        waiter.grant();
      } else {
        break;
      }
    }
  }

  /** At most one timer at a time, for the one who waits longest. */
  #startTimer(): void {
    const [first] = this.#waiters;
    if (this.#hasTimer || this.#fetching > 0 || first === undefined) {
      return;
    }
    this.#hasTimer = true;
    const leftMs = Math.max(0, Math.ceil(first.dueAtMs - this.#readClock()));
    this.#timing.startTimer(() => {
      this.#hasTimer = false;
      if (this.#fetching === 0) {
        this.#refuseOverdue();
        this.#startTimer();
      }
    }, leftMs);
  }

  /** As {@link #startTimer}, by the clock that never stands still. */
  #startLatestTimer(): void {
    const [first] = this.#waiters;
    if (this.#hasLatestTimer || first === undefined) {
      return;
    }
    this.#hasLatestTimer = true;
    const leftMs = Math.max(0, Math.ceil(first.latestAtMs - this.#timing.monotonicClock()));
    this.#timing.startTimer(() => {
      this.#hasLatestTimer = false;
      this.#refuseOverdue();
      this.#startLatestTimer();
    }, leftMs);
  }

  #refuseOverdue(): void {
    const countedMs = this.#readClock();
    const nowMs = this.#timing.monotonicClock();
    for (const waiter of this.#waiters) {
      if (waiter.dueAtMs > countedMs && waiter.latestAtMs > nowMs) {
        break;
      }
      waiter.refuse(this.#source.refuse());
    }
  }
}
