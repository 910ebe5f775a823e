import type { Clock, StartTimer } from "../../clock.js";
import { partitionByAddress } from "../../limits/address-partition.js";
import type { Log } from "../../log.js";
import { printWithoutQuery } from "../../outgoing/outgoing-url.js";
import { type CancellableWait, waitForFetch } from "../cancellable-wait.js";
import type { FetchBudget } from "./fetch-budget.js";
import { FetchOutcomes } from "./fetch-outcomes.js";
import type { KeySetLocation } from "./jwks-fetch.js";
import { type PublishedKey, parseKeySet } from "./key-set.js";

const maxAgeMs = 10 * 60_000;
/** Older keys are fetched again before they are used. */
const maxIdleAgeMs = 2 * maxAgeMs;
/** The time between a failed fetch and the next one in the background. */
const cooldownMs = 10_000;
/** The minimum time between the starts of two fetches. */
const intervalMs = 1_000;
/** How long a call waits for the start of the next fetch. */
const maxWaitMs = 2_000;

/** What all key sets of a process share to fetch keys. */
export interface FetchSurroundings {
  readonly clock: Clock;
  readonly monotonicClock: Clock;
  readonly startTimer: StartTimer;
  readonly log: Log;
  readonly budget: FetchBudget;
  /** Ends every fetch: the service stops. */
  readonly closed: AbortSignal;
}

/** A user of a key set. */
export interface KeySetReader {
  readonly issuer: string;
  /** Called when the published keys have changed. */
  accept(published: readonly PublishedKey[]): void;
}

/** A fetch in progress, or one that is scheduled. */
interface Fetch {
  readonly beginsAtMs: number;
  /** Never rejects. */
  readonly done: Promise<void>;
}

/**
 * A key set behind a URL, shared by all its readers. It is fetched:
 * - at the start
 * - in the background, when the keys are 10 minutes old and in use
 * - while calls wait, when the keys are 20 minutes old because nobody called
 * - while a call waits, when the current keys do not verify its token
 *
 * The last good keys stay in use while the URL fails.
 */
export class FetchedKeySet {
  readonly #fetchText: (closed: AbortSignal) => Promise<string>;
  readonly #surroundings: FetchSurroundings;
  readonly #readers = new Set<KeySetReader>();
  /** Readers that were removed during the fetch in progress: calls of theirs may wait for it. */
  readonly #leaving = new Set<KeySetReader>();
  readonly location: KeySetLocation;
  readonly outcomes: FetchOutcomes;
  #text: string | undefined;
  #published: readonly PublishedKey[] | undefined;
  #fetch: Fetch | undefined;
  #isRetired = false;
  /** When the next fetch may start. */
  #nextAtMs = Number.NEGATIVE_INFINITY;

  /**
   * @param fetchText rejects with an error whose message names the cause, without the URL
   */
  constructor(
    fetchText: (closed: AbortSignal) => Promise<string>,
    location: KeySetLocation,
    surroundings: FetchSurroundings,
  ) {
    this.#fetchText = fetchText;
    this.location = location;
    this.#surroundings = surroundings;
    this.outcomes = new FetchOutcomes(surroundings, () => ({
      issuer: this.issuers.join(", "),
      url: printWithoutQuery(location.url),
    }));
  }

  /** Begins with the keys of another one, as if they had been fetched. It must have no readers yet. */
  inherit(other: FetchedKeySet): void {
    this.#text = other.#text;
    this.#published = other.#published;
    this.outcomes.inherit(other.outcomes);
  }

  /** The reader gets the current keys at once. */
  addReader(reader: KeySetReader): void {
    this.#readers.add(reader);
    if (this.#published !== undefined) {
      reader.accept(this.#published);
    }
  }

  /** The reader still gets the keys of a fetch in progress. */
  removeReader(reader: KeySetReader): void {
    this.#readers.delete(reader);
    if (this.#fetch !== undefined) {
      this.#leaving.add(reader);
    }
  }

  get isRead(): boolean {
    return this.#readers.size > 0;
  }

  /** The issuers of all readers, each once. */
  get issuers(): readonly string[] {
    return [...new Set([...this.#readers].map(({ issuer }) => issuer))];
  }

  get hasKeys(): boolean {
    return this.#published !== undefined;
  }

  /** False while fetches fail, because waiting would not bring newer keys. */
  get isStale(): boolean {
    return this.hasKeys && !this.outcomes.isFailing && this.outcomes.isOlderThan(maxIdleAgeMs);
  }

  /**
   * Waits for the next fetch, which counts against no client. Settles at once when none may start within
   * 2 seconds. Never rejects.
   */
  async fetch(): Promise<void> {
    const nowMs = this.#surroundings.monotonicClock();
    if (this.#fetch === undefined && !this.#isRetired && this.#nextAtMs <= nowMs + maxWaitMs) {
      this.#begin(Math.max(nowMs, this.#nextAtMs));
    }
    await this.#fetch?.done;
  }

  /** Fetches old keys again, in the background. */
  keepFresh(): void {
    const isOld = this.hasKeys && this.outcomes.isOlderThan(maxAgeMs);
    if (isOld && this.outcomes.hasRestedFor(cooldownMs)) {
      void this.fetch();
    }
  }

  /**
   * Fetches for a call whose token the current keys do not verify. Yields after a fetch that was in
   * progress, and after one that started later. Ends when the next fetch may not start within 2 seconds
   * of the call: a URL is fetched at most once a second, and at most three times a minute on behalf of
   * one client.
   *
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

  /** Finishes a fetch in progress, but begins no other, and logs nothing. */
  retire(): void {
    this.#isRetired = true;
    this.outcomes.silence();
  }

  #beginFor(wait: CancellableWait | undefined, latestMs: number): Fetch | undefined {
    const { budget, monotonicClock } = this.#surroundings;
    const client = partitionByAddress(wait?.clientAddress);
    const beginsAtMs = Math.max(monotonicClock(), this.#nextAtMs, budget.findNextMs(client));
    if (beginsAtMs > latestMs || this.#isRetired) {
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
        this.#leaving.clear();
      });
    this.#fetch = { beginsAtMs, done };
    return this.#fetch;
  }

  /** Settles at that time, or when the service stops. */
  async #waitUntil(atMs: number): Promise<void> {
    const { closed, monotonicClock, startTimer } = this.#surroundings;
    const delayMs = Math.ceil(atMs - monotonicClock());
    if (delayMs > 0 && !closed.aborted) {
      await new Promise<void>((resolve) => {
        const end = () => {
          closed.removeEventListener("abort", end);
          resolve();
        };
        closed.addEventListener("abort", end);
        startTimer(end, delayMs);
      });
    }
  }

  async #replaceKeys(): Promise<void> {
    const { closed, monotonicClock } = this.#surroundings;
    if (closed.aborted) {
      return;
    }
    const begunAtMs = monotonicClock();
    try {
      const text = await this.#fetchText(closed);
      const published = parseKeySet(text);
      this.outcomes.succeed();
      if (text !== this.#text) {
        this.#text = text;
        this.#published = published;
        for (const reader of [...this.#readers, ...this.#leaving]) {
          reader.accept(published);
        }
      }
    } catch (error) {
      if (!closed.aborted) {
        // A URL that hangs must not delay every call, so it rests for as long as it took to fail.
        const endedAtMs = monotonicClock();
        this.#nextAtMs = Math.max(this.#nextAtMs, endedAtMs + (endedAtMs - begunAtMs));
        this.outcomes.fail(error);
      }
    }
  }
}
