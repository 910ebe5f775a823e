import type { StartTimer } from "../clock.js";
import type { ProbeTarget } from "./probe-target.js";

export interface ProbeScheduleOptions {
  readonly targets: readonly ProbeTarget[];
  readonly intervalMs: number;
  readonly concurrency: number;
  /** Never rejects but for its signal. */
  readonly probe: (target: ProbeTarget, signal: AbortSignal) => Promise<void>;
  readonly startTimer: StartTimer;
  /** A number from 0 to 1, as Math.random makes it. */
  readonly random: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
}

/** So much shorter or longer is each interval, so that processes do not probe in step. */
const jitterShare = 0.1;

/**
 * Has each URL probed at once, and then at each interval, counted from start to start. A probe that
 * takes longer than that delays the next one: never are there two of one URL.
 */
export class ProbeSchedule {
  readonly #options: ProbeScheduleOptions;
  readonly #runs: BoundedRuns;
  /** Of the probes that are under way. One signal for all would remember every probe there ever was. */
  readonly #underWay = new Set<AbortController>();
  /** By key. */
  #targets: ReadonlyMap<string, ProbeTarget> = new Map();

  constructor(options: ProbeScheduleOptions) {
    this.#options = options;
    this.#runs = new BoundedRuns(options.concurrency);
    this.replaceTargets(options.targets);
  }

  /** URLs that are new are probed at once; those that were there before keep their rhythm. */
  replaceTargets(targets: readonly ProbeTarget[]): void {
    const before = this.#targets;
    const keep = (target: ProbeTarget) => {
      const known = before.get(target.key);
      return known?.account === target.account ? (known ?? target) : target;
    };
    this.#targets = new Map(targets.map((target) => [target.key, keep(target)]));
    for (const [key, target] of this.#targets) {
      if (before.get(key) !== target) {
        void this.#follow(target);
      }
    }
  }

  /** Calls off what is under way; nothing follows. */
  end(): void {
    this.#targets = new Map();
    for (const controller of this.#underWay) {
      controller.abort();
    }
  }

  async #follow(target: ProbeTarget): Promise<void> {
    const { intervalMs, startTimer, random, now } = this.#options;
    while (this.#isFollowed(target)) {
      const dueAtMs = now();
      await this.#runs.run(() => this.#probe(target));
      const share = 1 + jitterShare * (2 * random() - 1);
      const waitMs = Math.max(0, dueAtMs + intervalMs * share - now());
      await new Promise<void>((resolve) => startTimer(resolve, waitMs));
    }
  }

  #isFollowed(target: ProbeTarget): boolean {
    return this.#targets.get(target.key) === target;
  }

  async #probe(target: ProbeTarget): Promise<void> {
    if (!this.#isFollowed(target)) {
      return;
    }
    const controller = new AbortController();
    this.#underWay.add(controller);
    try {
      await this.#options.probe(target, controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) {
        throw error;
      }
    } finally {
      this.#underWay.delete(controller);
    }
  }
}

/** Runs a limited number of tasks at a time; the others wait in order. */
class BoundedRuns {
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
