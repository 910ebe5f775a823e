import { isDeepStrictEqual } from "node:util";
import type { TokenVerifier } from "../authentication/token-verifier.js";
import type { Clock } from "../clock.js";
import type { LimitsConfig } from "../config/config.js";
import type { IceServerList, IceServerRequest, ListIceServers } from "../ice/ice-server-list.js";
import type { NewestValue } from "./newest-value.js";

/** What a watch takes from the configuration, as it is at that moment. */
export interface WatchSnapshot {
  readonly verifier: TokenVerifier;
  readonly listIceServers: ListIceServers;
  readonly config: { readonly limits: Pick<LimitsConfig, "watches" | "watchesPerCaller"> };
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
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/** A list is replaced when this part of its life has passed, or earlier by up to the jitter. */
const refreshShare = 0.75;
const jitterShare = 0.1;

/** One watch: decides what its reader is given, and when. */
export class IceServerWatch {
  readonly #order: WatchOrder;
  readonly #options: WatchOptions;
  readonly #lists: NewestValue<IceServerList>;
  #last: { readonly list: IceServerList; readonly atMs: number } | undefined;
  #refreshAtMs = 0;
  #tokenEndsAtMs = Number.POSITIVE_INFINITY;
  /** Counts the renewals: while one waits for keys, another may overtake it. */
  #renewals = 0;

  constructor(order: WatchOrder, options: WatchOptions, lists: NewestValue<IceServerList>) {
    this.#order = order;
    this.#options = options;
    this.#lists = lists;
  }

  /** When {@link renew} is to be called though nothing has changed, in Unix milliseconds. */
  get dueAtMs(): number {
    return Math.min(this.#refreshAtMs, this.#tokenEndsAtMs);
  }

  /**
   * Verifies the token by the present configuration and hands on a list, if it is the first, if the
   * last one has grown old, or if its reader would now get another. Ends the watch when the token
   * counts no more, or the request has become wrong. Never rejects.
   */
  async renew(): Promise<void> {
    this.#renewals += 1;
    const renewal = this.#renewals;
    const { token, signal } = this.#order;
    try {
      const { verifier, listIceServers } = this.#options.readSnapshot();
      const verified = verifier.verify(token, { signal });
      const caller = verified instanceof Promise ? await verified : verified;
      if (renewal === this.#renewals) {
        const endSeconds = verifier.findEndSeconds(caller) ?? Number.POSITIVE_INFINITY;
        this.#tokenEndsAtMs = endSeconds * 1000;
        this.#update((nowMs) => listIceServers(caller, this.#order.request, nowMs));
      }
    } catch (error) {
      if (renewal === this.#renewals) {
        this.#lists.fail(error);
      }
    }
  }

  #update(listAt: (nowMs: number) => IceServerList): void {
    const nowMs = this.#options.clock();
    const last = this.#last;
    // Lists differ from second to second; only of the same instant, a difference tells of a change.
    if (
      last !== undefined &&
      nowMs < this.#refreshAtMs &&
      isDeepStrictEqual(listAt(last.atMs), last.list)
    ) {
      return;
    }
    const list = listAt(nowMs);
    if (last !== undefined && isDeepStrictEqual(list.iceServers, last.list.iceServers)) {
      // Its life ends with the token's: asking again would make it no longer.
      this.#refreshAtMs = Number.POSITIVE_INFINITY;
      return;
    }
    const ttlSeconds = list.credentialLife?.ttlSeconds ?? Number.POSITIVE_INFINITY;
    const share = refreshShare - jitterShare * this.#options.random();
    this.#refreshAtMs = nowMs + ttlSeconds * 1000 * share;
    this.#last = { list, atMs: nowMs };
    this.#lists.put(list);
  }
}
