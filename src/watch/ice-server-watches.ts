import { type Caller, describeCaller } from "../authentication/caller.js";
import type { StartTimer } from "../clock.js";
import type { IceServerList } from "../ice/ice-server-list.js";
import type { Logger } from "../observability/logger.js";
import { findHolderKey } from "../turn/holder.js";
import { type AgeList, createListAging } from "./aged-list.js";
import { IceServerWatch, type WatchOptions, type WatchOrder } from "./ice-server-watch.js";
import { NewestValue } from "./newest-value.js";
import { PacedVisits } from "./paced-visits.js";
import { WatchLimitError } from "./watch-limit-error.js";

export interface WatchesOptions extends WatchOptions {
  readonly startTimer: StartTimer;
  readonly log: Pick<Logger, "info">;
}

/** How often it is looked which watches are due. Tokens and credentials count in seconds. */
const tickMs = 1000;
/** How long after a change others are waited for, as files rarely change alone. */
const settleMs = 200;

/**
 * The watches of this process. One timer looks at all of them once a second: by the clock, as a timer
 * of many hours would not (machines sleep, clocks are set), and for less than a timer for each.
 */
export class IceServerWatches {
  readonly #options: WatchesOptions;
  readonly #open = new Set<IceServerWatch>();
  readonly #openByHolder = new Map<string, number>();
  #isTicking = false;
  #isSettling = false;
  /** Those that have not seen the last change yet. */
  readonly #renewals: PacedVisits<IceServerWatch>;
  /** Those whose reader has been without a message for long enough. */
  readonly #repeats: PacedVisits<IceServerWatch>;

  constructor(options: WatchesOptions) {
    this.#options = options;
    const { startTimer } = options;
    const age = createListAging();
    this.#renewals = new PacedVisits((watch) => void watch.renew(), startTimer);
    this.#repeats = new PacedVisits((watch) => this.#repeat(watch, age), startTimer);
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Yields the caller's list at once, and again whenever it is to be replaced. Throws what
   * verification and listing throw, also later. The watch lasts until its reader leaves by `return()`.
   *
   * @throws WatchLimitError when there are as many watches as there may be
   */
  open(caller: Caller, order: WatchOrder): AsyncIterableIterator<IceServerList, undefined> {
    const key = findHolderKey(caller);
    const count = this.#openByHolder.get(key) ?? 0;
    const { limits } = this.#options.readSnapshot().config;
    if (this.#open.size >= limits.watches) {
      throw new WatchLimitError("the server has as many watches as it may; try again later");
    }
    if (count >= limits.watchesPerCaller) {
      throw new WatchLimitError(`the caller has ${count} watches, which is the most it may have`);
    }
    const lists = new NewestValue<IceServerList>(() => this.#close(watch, key));
    const watch = new IceServerWatch(order, this.#options, lists);
    this.#open.add(watch);
    this.#openByHolder.set(key, count + 1);
    // The token too: the configuration may have changed since it was verified.
    void watch.renew();
    if (this.#open.has(watch)) {
      this.#options.log.info(
        { caller: describeCaller(caller), watches: this.#open.size },
        "watch begins",
      );
      this.#tick();
    }
    return lists;
  }

  /**
   * To be called when anything has changed that a list, or the right to get it, depends on. Whoever
   * gets something else now is told soon; several changes shortly one after the other count as one.
   */
  listsChanged(): void {
    if (this.#isSettling) {
      return;
    }
    this.#isSettling = true;
    this.#options.startTimer(() => {
      this.#isSettling = false;
      this.#renewals.add(this.#open);
    }, settleMs);
  }

  #tick(): void {
    if (this.#isTicking || this.#open.size === 0) {
      return;
    }
    this.#isTicking = true;
    this.#options.startTimer(() => {
      this.#isTicking = false;
      const nowMs = this.#options.clock();
      // As calls do: a key that its issuer has withdrawn shows although nobody calls.
      for (const source of this.#options.readSnapshot().verifier.sources) {
        source.keepFresh();
      }
      for (const watch of this.#open) {
        if (watch.dueAtMs <= nowMs) {
          void watch.renew();
        }
      }
      this.#repeats.add(this.#findQuiet(nowMs));
      this.#tick();
    }, tickMs);
  }

  /** The watches whose list is due to be repeated: none unless the configuration asks for it. */
  *#findQuiet(nowMs: number): Iterable<IceServerWatch> {
    const repeatMs = this.#readRepeatMs();
    if (repeatMs === undefined) {
      return;
    }
    for (const watch of this.#open) {
      if (watch.isQuiet(nowMs, repeatMs)) {
        yield watch;
      }
    }
  }

  #repeat(watch: IceServerWatch, age: AgeList): void {
    const nowMs = this.#options.clock();
    const repeatMs = this.#readRepeatMs();
    // A change may have come first, and one that waits for a change may get that instead.
    if (repeatMs !== undefined && watch.isQuiet(nowMs, repeatMs) && !this.#renewals.has(watch)) {
      watch.repeat(nowMs, age);
    }
  }

  #readRepeatMs(): number | undefined {
    const { watchRepeatSeconds } = this.#options.readSnapshot().config.ice;
    return watchRepeatSeconds === undefined ? undefined : watchRepeatSeconds * 1000;
  }

  #close(watch: IceServerWatch, key: string): void {
    this.#open.delete(watch);
    this.#renewals.delete(watch);
    this.#repeats.delete(watch);
    const count = (this.#openByHolder.get(key) ?? 0) - 1;
    if (count > 0) {
      this.#openByHolder.set(key, count);
    } else {
      this.#openByHolder.delete(key);
    }
  }
}
