import type { Caller } from "../authentication/caller.js";
import type { StartTimer } from "../clock.js";
import type { IceServerList } from "../ice/ice-server-list.js";
import type { Logger } from "../observability/logger.js";
import { IceServerWatch, type WatchOptions, type WatchOrder } from "./ice-server-watch.js";
import { NewestValue } from "./newest-value.js";
import { WatchLimitError } from "./watch-limit-error.js";

export interface WatchesOptions extends WatchOptions {
  readonly startTimer: StartTimer;
  readonly log: Pick<Logger, "info">;
}

/** How often it is looked which watches are due. Tokens and credentials count in seconds. */
const tickMs = 1000;
/** How long after a change others are waited for, as files rarely change alone. */
const settleMs = 200;
/** After a change, all watches are visited within about `visitMs * visitCount`. */
const visitMs = 10;
const visitCount = 50;
const minWatchesPerVisit = 20;

/**
 * The watches of this process. One timer looks at all of them once a second: by the clock, as a timer
 * of many hours would not (machines sleep, clocks are set), and for less than a timer for each.
 */
export class IceServerWatches {
  readonly #options: WatchesOptions;
  readonly #open = new Set<IceServerWatch>();
  readonly #openByCaller = new Map<string, number>();
  #isTicking = false;
  #isSettling = false;
  /** Those that have not seen the last change yet. */
  #unvisited = new Set<IceServerWatch>();

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Yields the caller's list at once, and again whenever it is to be replaced. Throws what
   * verification and listing throw, also later, and the signal's reason.
   *
   * @throws WatchLimitError when there are as many watches as there may be
   */
  open(caller: Caller, order: WatchOrder): AsyncIterable<IceServerList> {
    const key = nameBucket(caller);
    const count = this.#openByCaller.get(key) ?? 0;
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
    this.#openByCaller.set(key, count + 1);
    const { signal } = order;
    const end = () => lists.fail(signal.reason);
    if (signal.aborted) {
      end();
    } else {
      signal.addEventListener("abort", end, { once: true });
      // The token too: the configuration may have changed since it was verified.
      void watch.renew();
    }
    if (this.#open.has(watch)) {
      this.#options.log.info(
        { caller: { kind: caller.kind, name: caller.subject }, watches: this.#open.size },
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
      const isUnderWay = this.#unvisited.size > 0;
      // Those that still wait from an earlier change keep their place before the others.
      this.#unvisited = new Set([...this.#unvisited, ...this.#open]);
      if (!isUnderWay) {
        this.#visit(Math.max(minWatchesPerVisit, Math.ceil(this.#unvisited.size / visitCount)));
      }
    }, settleMs);
  }

  /** A part at a time: neither is everybody else kept waiting, nor do all clients move at once. */
  #visit(count: number): void {
    let left = count;
    for (const watch of this.#unvisited) {
      if (left === 0) {
        break;
      }
      left -= 1;
      this.#unvisited.delete(watch);
      void watch.renew();
    }
    if (this.#unvisited.size > 0) {
      this.#options.startTimer(() => this.#visit(count), visitMs);
    }
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
      this.#tick();
    }, tickMs);
  }

  #close(watch: IceServerWatch, key: string): void {
    this.#open.delete(watch);
    this.#unvisited.delete(watch);
    const count = (this.#openByCaller.get(key) ?? 0) - 1;
    if (count > 0) {
      this.#openByCaller.set(key, count);
    } else {
      this.#openByCaller.delete(key);
    }
  }
}

function nameBucket(caller: Caller): string {
  const issuer = caller.kind === "jwt" ? caller.issuer : "";
  return JSON.stringify([caller.kind, issuer, caller.subject]);
}
