import { type Caller, describeCaller } from "../authentication/caller.js";
import { findHolder } from "../authentication/users-right.js";
import type { StartTimer } from "../clock.js";
import { CallRejectedError } from "../errors.js";
import type { IceServerList } from "../ice/ice-server-list.js";
import type { Log } from "../log.js";
import { findHolderKey } from "../turn/holder.js";
import { type AgeList, createListAging } from "./aged-list.js";
import { DueQueue } from "./due-queue.js";
import { IceServerWatch, type WatchOptions, type WatchOrder } from "./ice-server-watch.js";
import { NewestValue } from "./newest-value.js";
import { PacedVisits } from "./paced-visits.js";
import { TokenVerifications } from "./token-verifications.js";
import { WakeUp } from "./wake-up.js";

export interface WatchesOptions extends WatchOptions {
  readonly startTimer: StartTimer;
  readonly log: Pick<Log, "info">;
}

/** The clock is looked at so often at least: machines sleep, clocks are set, and timers do not know. */
const longestWaitMs = 1000;
/** The shortest time between two looks at a watch. */
const shortestWaitMs = 100;
/** How long after a change others are waited for, as files rarely change alone. */
const settleMs = 200;

/** There are as many watches as there may be. The message is meant for the caller. */
export class WatchLimitError extends CallRejectedError {
  override readonly name = "WatchLimitError";

  /** @param reason whose limit it is, for the log */
  constructor(
    override readonly reason: "watch_limit" | "caller_watch_limit",
    message: string,
  ) {
    super(message);
  }
}

/** The watches of this process. One timer waits for the one that is due first. */
export class IceServerWatches {
  readonly #options: WatchesOptions;
  readonly #verifications = new TokenVerifications();
  readonly #open = new Set<IceServerWatch>();
  readonly #openByHolder = new Map<string, number>();
  /** By when there is something to do for them. */
  readonly #due = new DueQueue<IceServerWatch>();
  readonly #wakeUp: WakeUp;
  #lastLookMs = 0;
  #isSettling = false;
  /** Those that have not seen the last change yet, or need a fresh list. */
  readonly #renewals: PacedVisits<IceServerWatch>;
  /** Those whose reader has been without a message for long enough. */
  readonly #repeats: PacedVisits<IceServerWatch>;

  constructor(options: WatchesOptions) {
    this.#options = options;
    const { startTimer } = options;
    const age = createListAging();
    this.#wakeUp = new WakeUp(startTimer, () => this.#look());
    this.#renewals = new PacedVisits((watch) => this.#renew(watch), startTimer);
    this.#repeats = new PacedVisits((watch) => this.#repeat(watch, age), startTimer);
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Yields the list of the caller, or of the user that it names, at once, and again whenever it is to
   * be replaced. Throws what verification and listing throw, also later. The watch lasts until its
   * reader leaves by `return()`.
   *
   * @param present what is yielded for a list; called for the lists that the reader takes
   * @throws WatchLimitError when there are as many watches as there may be
   * @throws UsersRightMissingError, InvalidFieldError as findHolder does
   */
  open<Out>(
    caller: Caller,
    order: WatchOrder,
    present: (list: IceServerList) => Out,
  ): AsyncIterableIterator<Out, undefined> {
    const key = findHolderKey(findHolder(caller, order.request));
    const count = this.#openByHolder.get(key) ?? 0;
    const { limits } = this.#options.readSnapshot().config;
    if (this.#open.size >= limits.watches) {
      throw new WatchLimitError(
        "watch_limit",
        "the server has as many watches as it may; try again later",
      );
    }
    if (count >= limits.watchesPerCaller) {
      throw new WatchLimitError(
        "caller_watch_limit",
        `the caller has ${count} watches, which is the most it may have`,
      );
    }
    const lists = new NewestValue(present, () => this.#close(watch, key));
    const watch = new IceServerWatch(order, this.#options, this.#verifications, lists);
    if (this.#open.size === 0) {
      this.#lastLookMs = this.#options.clock();
    }
    this.#open.add(watch);
    this.#openByHolder.set(key, count + 1);
    // The token too: the configuration may have changed since it was verified.
    this.#renew(watch);
    if (this.#open.has(watch)) {
      this.#logBegin(caller);
      this.#waitForNext();
    }
    return lists;
  }

  /**
   * To be called when anything has changed that a list, the right to get it, or repeats depend on.
   * Callers whose list has changed get it soon. Several changes in quick succession count as one.
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

  #logBegin(caller: Caller): void {
    const { selectRequest } = this.#options.readSnapshot();
    if (selectRequest === undefined || selectRequest("none", "info")) {
      const watches = this.#open.size;
      this.#options.log.info({ caller: describeCaller(caller), watches }, "watch begins");
    }
  }

  #waitForNext(nowMs = this.#options.clock()): void {
    if (this.#open.size > 0) {
      this.#wakeUp.at(Math.min(this.#due.nextMs, nowMs + longestWaitMs), nowMs);
    }
  }

  #look(): void {
    const nowMs = this.#options.clock();
    // As calls do: a key that its issuer has withdrawn shows although nobody calls.
    for (const source of this.#options.readSnapshot().verifier.sources) {
      source.keepFresh();
    }
    if (nowMs < this.#lastLookMs - longestWaitMs) {
      // The clock was set back, so the due times are wrong.
      this.#renewals.add(this.#open);
    }
    this.#lastLookMs = nowMs;
    const due = this.#due.takeDue(nowMs);
    this.#renewals.add(due.filter((watch) => watch.renewalAtMs <= nowMs));
    this.#repeats.add(due.filter((watch) => watch.renewalAtMs > nowMs));
    this.#waitForNext();
  }

  #renew(watch: IceServerWatch): void {
    const pending = watch.renew();
    if (pending === undefined) {
      this.#schedule(watch);
    } else {
      void pending.then(() => this.#schedule(watch));
    }
  }

  #repeat(watch: IceServerWatch, age: AgeList): void {
    const nowMs = this.#options.clock();
    // A change may have come first, and one that waits for a change may get that instead.
    if (this.#findRepeatMs(watch) <= nowMs && !this.#renewals.has(watch)) {
      watch.repeat(nowMs, age);
    }
    this.#schedule(watch);
  }

  #schedule(watch: IceServerWatch): void {
    if (this.#open.has(watch)) {
      const nowMs = this.#options.clock();
      const dueMs = Math.min(watch.renewalAtMs, this.#findRepeatMs(watch));
      this.#due.set(watch, Math.max(nowMs + shortestWaitMs, dueMs));
      this.#waitForNext(nowMs);
    }
  }

  /** Infinity unless the configuration asks for repeats. */
  #findRepeatMs(watch: IceServerWatch): number {
    const repeatSeconds = this.#options.readSnapshot().config.ice.watch?.repeatSeconds;
    return repeatSeconds === undefined
      ? Number.POSITIVE_INFINITY
      : watch.findRepeatMs(repeatSeconds * 1000);
  }

  #close(watch: IceServerWatch, key: string): void {
    this.#open.delete(watch);
    this.#due.delete(watch);
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
