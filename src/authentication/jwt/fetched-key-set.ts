import { type Clock, hasPassed, type StartTimer } from "../../clock.js";
import { partitionByAddress } from "../../limits/address-partition.js";
import type { Log } from "../../log.js";
import { type CancellableWait, waitForFetch } from "../cancellable-wait.js";
import type { FetchBudget } from "./fetch-budget.js";
import { type PublishedKey, parseKeySet } from "./key-set.js";

const maxAgeMs = 10 * 60_000;
/** Beyond, keys are not used again before they were asked for anew. */
const maxIdleAgeMs = 2 * maxAgeMs;
/** After a fetch that failed, the next one in the background; and the next line about it in the log. */
const cooldownMs = 10_000;
/** From the beginning of one fetch to that of the next, at least. */
const intervalMs = 1_000;
/** How long a call waits until the next fetch may begin. */
const maxWaitMs = 2_000;

/** What all key sets of a process are fetched with. */
export interface FetchSurroundings {
  readonly clock: Clock;
  readonly monotonicClock: Clock;
  readonly startTimer: StartTimer;
  readonly log: Log;
  readonly budget: FetchBudget;
}

/** Somebody who uses the keys. */
export interface KeySetReader {
  readonly issuer: string;
  /** Called with keys other than before. */
  accept(published: readonly PublishedKey[]): void;
}

/** A fetch under way, or one that waits until it may begin. */
interface Fetch {
  readonly beginsAtMs: number;
  /** Never rejects. */
  readonly done: Promise<void>;
}

/**
 * A key set behind a URL, for all who read it. It is fetched once for everybody who waits: the first
 * time; in the background when the keys are 10 minutes old and in use; awaited, when nobody has called
 * for so long that they are 20 minutes old; and for a token that the present keys do not verify. The
 * last good keys stay while the URL does not serve better ones.
 */
export class FetchedKeySet {
  readonly #fetchText: (closed: AbortSignal) => Promise<string>;
  /** For the log, without the query. */
  readonly #address: string;
  readonly #surroundings: FetchSurroundings;
  readonly #readers = new Set<KeySetReader>();
  readonly #closed = new AbortController();
  #text: string | undefined;
  #published: readonly PublishedKey[] | undefined;
  #fetch: Fetch | undefined;
  /** From when on the next fetch may begin. */
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #successCount = 0;
  #failureCount = 0;

  /**
   * @param fetchText rejects with an error whose message tells the cause, without the URL
   * @param url for the log
   */
  constructor(
    fetchText: (closed: AbortSignal) => Promise<string>,
    url: URL,
    surroundings: FetchSurroundings,
  ) {
    this.#fetchText = fetchText;
    this.#address = `${url.origin}${url.pathname}`;
    this.#surroundings = surroundings;
  }

  /** The reader gets the keys that are there at once. */
  addReader(reader: KeySetReader): void {
    this.#readers.add(reader);
    if (this.#published !== undefined) {
      reader.accept(this.#published);
    }
  }

  removeReader(reader: KeySetReader): void {
    this.#readers.delete(reader);
  }

  get readers(): ReadonlySet<KeySetReader> {
    return this.#readers;
  }

  get isFailing(): boolean {
    return this.#isFailing;
  }

  get hasKeys(): boolean {
    return this.#published !== undefined;
  }

  /** While fetches fail, the last good keys are as good as it gets, and nobody waits. */
  get isStale(): boolean {
    const { clock } = this.#surroundings;
    return this.hasKeys && !this.#isFailing && hasPassed(maxIdleAgeMs, this.#loadedAtMs, clock());
  }

  /** When keys were last loaded, in Unix milliseconds; undefined before the first time. */
  get loadedAtMs(): number | undefined {
    return this.#successCount === 0 ? undefined : this.#loadedAtMs;
  }

  get successCount(): number {
    return this.#successCount;
  }

  get failureCount(): number {
    return this.#failureCount;
  }

  /** The next fetch, on nobody's behalf, unless it may not begin soon. Never rejects. */
  async fetch(): Promise<void> {
    const nowMs = this.#surroundings.monotonicClock();
    if (this.#fetch === undefined && this.#nextAtMs <= nowMs + maxWaitMs) {
      this.#begin(Math.max(nowMs, this.#nextAtMs));
    }
    await this.#fetch?.done;
  }

  /** Fetches in the background what is old. */
  keepFresh(): void {
    const nowMs = this.#surroundings.clock();
    const isOld = this.hasKeys && hasPassed(maxAgeMs, this.#loadedAtMs, nowMs);
    if (isOld && hasPassed(cooldownMs, this.#failedAtMs, nowMs)) {
      void this.fetch();
    }
  }

  /**
   * Fetches for a call whose token the present keys do not verify, and yields after each fetch that it
   * has waited for: one that was under way, and one that has begun since. Ends at once where the next
   * one may not begin within 2 seconds: each URL is asked once a second at most, and three times a
   * minute on behalf of one client.
   * @throws TokenRejectedError `cancelled`
   */
  async *fetchFor(wait: CancellableWait | undefined): AsyncGenerator<void, void> {
    const askedAtMs = this.#surroundings.monotonicClock();
    let fetch: Fetch | undefined;
    do {
      fetch = this.#fetch ?? this.#beginFor(wait, askedAtMs + maxWaitMs);
      if (fetch === undefined) {
        return;
      }
      await waitForFetch(fetch.done, wait);
      yield;
    } while (fetch.beginsAtMs < askedAtMs);
  }

  close(): void {
    this.#closed.abort();
  }

  #beginFor(wait: CancellableWait | undefined, latestMs: number): Fetch | undefined {
    const { budget, monotonicClock } = this.#surroundings;
    const client = partitionByAddress(wait?.clientAddress);
    const beginsAtMs = Math.max(monotonicClock(), this.#nextAtMs, budget.findNextMs(client));
    if (beginsAtMs > latestMs || this.#closed.signal.aborted) {
      return undefined;
    }
    budget.spend(client, beginsAtMs);
    return this.#begin(beginsAtMs);
  }

  #begin(beginsAtMs: number): Fetch {
    this.#nextAtMs = beginsAtMs + intervalMs;
    const done = this.#waitUntil(beginsAtMs)
      .then(() => this.#replaceKeys())
      .finally(() => {
        this.#fetch = undefined;
      });
    this.#fetch = { beginsAtMs, done };
    return this.#fetch;
  }

  /** Until then, or until the key set is closed. */
  async #waitUntil(atMs: number): Promise<void> {
    const { monotonicClock, startTimer } = this.#surroundings;
    const { signal } = this.#closed;
    const delayMs = Math.ceil(atMs - monotonicClock());
    if (delayMs > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const end = () => {
          signal.removeEventListener("abort", end);
          resolve();
        };
        signal.addEventListener("abort", end);
        startTimer(end, delayMs);
      });
    }
  }

  async #replaceKeys(): Promise<void> {
    if (this.#closed.signal.aborted) {
      return;
    }
    const { clock, log, monotonicClock } = this.#surroundings;
    const begunAtMs = monotonicClock();
    try {
      const text = await this.#fetchText(this.#closed.signal);
      const published = parseKeySet(text);
      this.#loadedAtMs = clock();
      this.#successCount += 1;
      if (this.#isFailing) {
        this.#isFailing = false;
        log.info(this.#logFields, "the issuer's keys can be loaded again");
      }
      if (text !== this.#text) {
        this.#text = text;
        this.#published = published;
        for (const reader of this.#readers) {
          reader.accept(published);
        }
      }
    } catch (error) {
      if (!this.#closed.signal.aborted) {
        // Who waits for a URL that hangs, waits half of the time at most.
        const endedAtMs = monotonicClock();
        this.#nextAtMs = Math.max(this.#nextAtMs, endedAtMs + (endedAtMs - begunAtMs));
        this.#noteFailure(error);
      }
    }
  }

  #noteFailure(error: unknown): void {
    const { clock, log } = this.#surroundings;
    const nowMs = clock();
    this.#failedAtMs = nowMs;
    this.#failureCount += 1;
    if (this.#isFailing && !hasPassed(cooldownMs, this.#warnedAtMs, nowMs)) {
      return;
    }
    this.#isFailing = true;
    this.#warnedAtMs = nowMs;
    log.warn(
      {
        ...this.#logFields,
        problem: error instanceof Error ? error.message : "unknown error",
      },
      this.hasKeys
        ? "the issuer's keys cannot be loaded: the last good ones stay in use"
        : "the issuer's keys cannot be loaded: its tokens are refused",
    );
  }

  get #logFields() {
    const issuers = new Set([...this.#readers].map(({ issuer }) => issuer));
    return { issuer: [...issuers].join(", "), url: this.#address };
  }
}
