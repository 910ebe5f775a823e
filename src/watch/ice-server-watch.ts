import type { CancellableWait } from "../authentication/cancellable-wait.js";
import type { TokenVerifier } from "../authentication/token-verifier.js";
import type { Clock } from "../clock.js";
import type { IceConfig } from "../config/config.js";
import type { IceServerList, IceServerRequest } from "../ice/ice-server-list.js";
import type { LimitsConfig } from "../limits/limits-config.js";
import type { IceServerLister } from "../turn/ice-server-lister.js";
import type { AgeList } from "./aged-list.js";
import type { NewestValue } from "./newest-value.js";

/** What a watch takes from the configuration, as it is at that moment. */
export interface WatchSnapshot {
  readonly verifier: TokenVerifier;
  readonly lister: IceServerLister;
  readonly config: {
    readonly limits: Pick<LimitsConfig, "watches" | "watchesPerCaller">;
    readonly ice: Pick<IceConfig, "watchRepeatSeconds">;
  };
}

export interface WatchOptions {
  readonly clock: Clock;
  /** A number from 0 to 1, as Math.random makes it. */
  readonly random: () => number;
  readonly readSnapshot: () => WatchSnapshot;
}

/** What is watched, on whose behalf. */
export interface WatchOrder {
  /** Verified anew before each list. */
  readonly token: string;
  readonly request: IceServerRequest;
  /** Its signal ends a wait for the issuer's keys; it is read only if there is one. */
  readonly wait: CancellableWait;
}

/** A list is replaced when this part of its life has passed, or earlier by up to the jitter. */
const refreshShare = 0.75;
const jitterShare = 0.1;
/** A list is repeated earlier than asked for by up to this part, so that watches do not repeat in step. */
const repeatJitterShare = 0.25;

/** One watch: decides what its reader is given, and when. */
export class IceServerWatch {
  readonly #order: WatchOrder;
  readonly #options: WatchOptions;
  readonly #lists: NewestValue<IceServerList>;
  readonly #repeatShare: number;
  #last: { readonly list: IceServerList; readonly version: string } | undefined;
  #sentAtMs = 0;
  #refreshAtMs = 0;
  #tokenEndsAtMs = Number.POSITIVE_INFINITY;
  /** Counts the renewals: while one waits for keys, another may overtake it. */
  #renewals = 0;

  constructor(order: WatchOrder, options: WatchOptions, lists: NewestValue<IceServerList>) {
    this.#order = order;
    this.#options = options;
    this.#lists = lists;
    this.#repeatShare = 1 - repeatJitterShare * options.random();
  }

  /** When {@link renew} is to be called though nothing has changed, in Unix milliseconds. */
  get dueAtMs(): number {
    return Math.min(this.#refreshAtMs, this.#tokenEndsAtMs);
  }

  /** Whether the reader has had no list for the given interval, or up to a quarter less. */
  isQuiet(nowMs: number, intervalMs: number): boolean {
    const quietMs = nowMs - this.#sentAtMs;
    // Negative after the clock was set back: how long it really was is unknown then.
    return this.#last !== undefined && (quietMs < 0 || quietMs >= intervalMs * this.#repeatShare);
  }

  /**
   * Hands on the last list again with what is left of its life. Nothing is verified or signed, and
   * refreshes stay when they were. Does nothing before the first list, and when its life is over.
   */
  repeat(nowMs: number, age: AgeList): void {
    const list = this.#last && age(this.#last.list, nowMs);
    if (list !== undefined) {
      this.#sentAtMs = nowMs;
      this.#lists.put(list);
    }
  }

  /**
   * Verifies the token by the present configuration and hands on a list, if it is the first, if the
   * last one has grown old, or if its reader would now get another. Ends the watch when the token
   * counts no more, or the request has become wrong. Never rejects.
   */
  async renew(): Promise<void> {
    this.#renewals += 1;
    const renewal = this.#renewals;
    const { token, request, wait } = this.#order;
    try {
      const { verifier, lister } = this.#options.readSnapshot();
      const verified = verifier.verify(token, wait);
      const caller = verified instanceof Promise ? await verified : verified;
      if (renewal !== this.#renewals) {
        return;
      }
      this.#tokenEndsAtMs = (caller.endsAtSeconds ?? Number.POSITIVE_INFINITY) * 1000;
      const nowMs = this.#options.clock();
      const version = lister.findVersion(caller, request);
      if (nowMs < this.#refreshAtMs && version === this.#last?.version) {
        return;
      }
      const made = lister.list(caller, request, nowMs);
      const list = made instanceof Promise ? await made : made;
      if (renewal === this.#renewals) {
        this.#handOn(list, version, nowMs);
      }
    } catch (error) {
      if (renewal === this.#renewals) {
        this.#lists.fail(error);
      }
    }
  }

  #handOn(list: IceServerList, version: string, nowMs: number): void {
    const last = this.#last;
    if (
      version === last?.version &&
      list.credentialLife?.expiresAtSeconds === last.list.credentialLife?.expiresAtSeconds
    ) {
      // Its life ends with the token's: asking again would make it no longer.
      this.#refreshAtMs = Number.POSITIVE_INFINITY;
      return;
    }
    const ttlSeconds = list.credentialLife?.ttlSeconds ?? Number.POSITIVE_INFINITY;
    const share = refreshShare - jitterShare * this.#options.random();
    this.#refreshAtMs = nowMs + ttlSeconds * 1000 * share;
    this.#last = { list, version };
    this.#sentAtMs = nowMs;
    this.#lists.put(list);
  }
}
