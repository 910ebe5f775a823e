import { type Clock, hasPassed } from "../../clock.js";
import type { Log } from "../../log.js";

/** A URL that keeps failing is logged once per this time. */
const repeatMs = 10_000;

/** The fields that the log has about a key set. */
export interface KeySetLabels {
  readonly issuer: string;
  /** Without its query. */
  readonly url: string;
}

/** The outcomes of the fetches of one key set, for the log and the metrics. */
export class FetchOutcomes {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #readLabels: () => KeySetLabels;
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #isSilent = false;
  #successCount = 0;
  #failureCount = 0;

  constructor(
    { clock, log }: { readonly clock: Clock; readonly log: Log },
    readLabels: () => KeySetLabels,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#readLabels = readLabels;
  }

  /** Whether the last fetch failed. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** When keys were last loaded, in Unix milliseconds; undefined before the first time. */
  get loadedAtMs(): number | undefined {
    return Number.isFinite(this.#loadedAtMs) ? this.#loadedAtMs : undefined;
  }

  /** Begins with the age of keys that another key set has loaded. */
  inherit({ loadedAtMs = Number.NEGATIVE_INFINITY }: FetchOutcomes): void {
    this.#loadedAtMs = loadedAtMs;
  }

  get successCount(): number {
    return this.#successCount;
  }

  get failureCount(): number {
    return this.#failureCount;
  }

  /** Whether the last success is at least this old. */
  isOlderThan(ageMs: number): boolean {
    return hasPassed(ageMs, this.#loadedAtMs, this.#clock());
  }

  /** Whether the last failure is at least this old, or there was none. */
  hasRestedFor(durationMs: number): boolean {
    return hasPassed(durationMs, this.#failedAtMs, this.#clock());
  }

  /** Nothing is logged from now on. */
  silence(): void {
    this.#isSilent = true;
  }

  succeed(): void {
    this.#loadedAtMs = this.#clock();
    this.#successCount += 1;
    if (this.#isFailing) {
      this.#isFailing = false;
      if (!this.#isSilent) {
        this.#log.info(this.#readLabels(), "the issuer's keys can be loaded again");
      }
    }
  }

  fail(error: unknown): void {
    const nowMs = this.#clock();
    this.#failedAtMs = nowMs;
    this.#failureCount += 1;
    const isReported = this.#isFailing && !hasPassed(repeatMs, this.#warnedAtMs, nowMs);
    this.#isFailing = true;
    if (isReported || this.#isSilent) {
      return;
    }
    this.#warnedAtMs = nowMs;
    const problem = error instanceof Error ? error.message : "unknown error";
    this.#log.warn(
      { ...this.#readLabels(), problem },
      this.loadedAtMs === undefined
        ? "the issuer's keys cannot be loaded: its tokens are rejected"
        : "the issuer's keys cannot be loaded: the last good ones stay in use",
    );
  }
}
