import type { Clock } from "../clock.js";
import type { RateLimitConfig } from "./limits-config.js";
import { type CountWindow, WindowCounter } from "./window-counter.js";

/** The names are those that callers see in the RateLimit headers and operators in the configuration. */
export type QuotaName = "caller" | "user" | "failedAuthentication";

/** What each partition may do in one window of time. */
export interface QuotaPolicy extends RateLimitConfig {
  readonly name: QuotaName;
}

/** How a partition stands with its quota. */
export interface QuotaStanding {
  /** Whether what was asked about is more than the quota allows. */
  readonly isExceeded: boolean;
  /** Calls that are left in the window. */
  readonly remaining: number;
  /** Until the window ends, rounded up; at least 1. */
  readonly resetsInSeconds: number;
}

/** Counts for several processes. */
export interface SharedCounter {
  /** Whether it can be asked now. Costs nothing to ask. */
  readonly isUp: boolean;
  /** Counts one; undefined when the answer is not there soon. Never rejects. */
  add(key: string, windowMs: number): Promise<SharedCount | undefined>;
}

export interface SharedCount {
  readonly count: number;
  /** How long the window still lasts. */
  readonly leftMs: number;
}

/**
 * A quota for each partition, such as each caller. Counted here; or, with a shared counter, there,
 * while what it says is kept here: it is not asked about a partition that is known to have used up
 * its quota, and while it is away counting goes on here from where it was.
 */
export class Quota {
  readonly policy: QuotaPolicy;
  readonly #windowMs: number;
  readonly #clock: Clock;
  readonly #windows: WindowCounter;
  readonly #shared: SharedCounter | undefined;

  constructor(policy: QuotaPolicy, clock: Clock, shared?: SharedCounter) {
    this.policy = policy;
    this.#windowMs = policy.windowSeconds * 1000;
    this.#clock = clock;
    this.#windows = new WindowCounter(this.#windowMs);
    this.#shared = shared;
  }

  /** Counts one; at once where no shared counter is asked. Never throws or rejects. */
  take(partition: string): QuotaStanding | Promise<QuotaStanding> {
    const shared = this.#shared;
    if (shared?.isUp && !this.peek(partition).isExceeded) {
      return this.#takeShared(partition, shared);
    }
    const nowMs = this.#clock();
    return this.#describe(this.#windows.add(partition, nowMs), nowMs);
  }

  /** How many more the partition may have in the present window, as far as is known here. */
  countLeft(partition: string): number {
    const { count } = this.#windows.find(partition, this.#clock()) ?? { count: 0 };
    return Math.max(0, this.policy.requests - count);
  }

  /** How the partition would stand with one more, as far as is known here. Counts nothing. */
  peek(partition: string): QuotaStanding {
    const nowMs = this.#clock();
    const { count, endsAtMs } = this.#windows.find(partition, nowMs) ?? {
      count: 0,
      endsAtMs: nowMs + this.#windowMs,
    };
    return this.#describe({ count: count + 1, endsAtMs }, nowMs);
  }

  async #takeShared(partition: string, shared: SharedCounter): Promise<QuotaStanding> {
    // Counted here as well, for the case that no answer comes.
    const local = this.#windows.add(partition, this.#clock());
    const { name, requests, windowSeconds } = this.policy;
    const key = `${name}:${requests}/${windowSeconds}:${partition}`;
    const counted = await shared.add(key, this.#windowMs);
    const nowMs = this.#clock();
    if (counted === undefined) {
      return this.#describe(local, nowMs);
    }
    const { count, leftMs } = counted;
    const window = { count, endsAtMs: nowMs + Math.min(leftMs, this.#windowMs) };
    this.#windows.set(partition, window);
    return this.#describe(window, nowMs);
  }

  #describe({ count, endsAtMs }: CountWindow, nowMs: number): QuotaStanding {
    const { requests } = this.policy;
    return {
      isExceeded: count > requests,
      remaining: Math.max(0, requests - count),
      resetsInSeconds: Math.max(1, Math.ceil((endsAtMs - nowMs) / 1000)),
    };
  }
}
