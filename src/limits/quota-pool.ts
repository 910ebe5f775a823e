import type { Clock } from "../clock.js";
import type { Log } from "../log.js";
import { describeGauge, type Metric } from "../observability/metric.js";
import type { LimitsConfig, RateLimitConfig } from "./limits-config.js";
import type { PermitTiming } from "./permit-queue.js";
import { Quota, type QuotaName } from "./quota.js";
import { identifyRedis, type RedisConfig } from "./redis-config.js";
import { RedisCounter } from "./redis-counter.js";
import { VerificationPermits } from "./verification-permits.js";

/** The quotas that a configuration asks for. */
export interface Quotas {
  readonly caller: Quota | undefined;
  readonly user: Quota | undefined;
  readonly failedAuthentication: VerificationPermits | undefined;
}

export interface QuotaPoolOptions extends PermitTiming {
  readonly clock: Clock;
  readonly log: Log;
}

interface Entry {
  readonly quota: Quota;
  /** Beside the quota, so that permits which are held survive a change of the configuration as well. */
  readonly permits: VerificationPermits;
  readonly counter: RedisCounter | undefined;
}

/** The limits of rates. */
type RateLimits = Pick<LimitsConfig, "caller" | "user" | "failedAuthentication" | "redis">;

/**
 * The quotas that are in use. Each keeps its counts over a change of the configuration, unless its
 * own numbers or the place where it counts are what changed.
 */
export class QuotaPool {
  readonly #options: QuotaPoolOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #counters = new Map<string, RedisCounter>();

  constructor(options: QuotaPoolOptions) {
    this.#options = options;
  }

  open({ caller, user, failedAuthentication, redis }: RateLimits): Quotas {
    return {
      caller: this.#open("caller", caller, redis)?.quota,
      user: this.#open("user", user, redis)?.quota,
      failedAuthentication: this.#open("failedAuthentication", failedAuthentication, redis)
        ?.permits,
    };
  }

  /** Connects those counters that these quotas use, and forgets all that they do not. */
  use({ caller, user, failedAuthentication }: Partial<Quotas>): void {
    const used = new Set<RedisCounter>();
    for (const [id, { quota, permits, counter }] of this.#entries) {
      if (quota !== caller && quota !== user && permits !== failedAuthentication) {
        this.#entries.delete(id);
      } else if (counter !== undefined) {
        used.add(counter);
      }
    }
    for (const [id, counter] of this.#counters) {
      if (used.has(counter)) {
        counter.open();
      } else {
        counter.close();
        this.#counters.delete(id);
      }
    }
  }

  /** What operators want to know of the counters in use. */
  describe(): Metric[] {
    return [
      describeGauge(
        "ice_redis_up",
        "Whether limits are counted in Redis (1), or Redis fails and each process counts alone (0).",
        [...this.#counters.values()].map(({ isUp }) => ({ labels: {}, value: isUp ? 1 : 0 })),
        "min",
      ),
    ];
  }

  /** Settles when it is known of every counter in use whether it can be reached. */
  async settle(): Promise<void> {
    await Promise.all([...this.#counters.values()].map(({ settled }) => settled));
  }

  #open(
    name: QuotaName,
    limit: RateLimitConfig | undefined,
    redis: RedisConfig | undefined,
  ): Entry | undefined {
    if (limit === undefined) {
      return undefined;
    }
    const counterId = redis && identifyRedis(redis);
    const id = JSON.stringify([name, limit.requests, limit.windowSeconds, counterId]);
    const known = this.#entries.get(id);
    if (known !== undefined) {
      return known;
    }
    const { clock, log } = this.#options;
    const counter = redis && this.#openCounter(redis, counterId ?? "", log);
    const quota = new Quota({ name, ...limit }, clock, counter);
    const entry = { quota, permits: new VerificationPermits(quota, this.#options), counter };
    this.#entries.set(id, entry);
    return entry;
  }

  #openCounter(redis: RedisConfig, id: string, log: Log): RedisCounter {
    const counter = this.#counters.get(id) ?? new RedisCounter(redis, log);
    this.#counters.set(id, counter);
    return counter;
  }
}
