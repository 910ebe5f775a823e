import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.js";
import type { JwtCaller } from "./jwt-verifier.js";
import type { KeySource } from "./key-source.js";

const maxEntries = 10_000;

/** What is remembered of a token that verified. */
export interface VerifiedToken {
  readonly caller: JwtCaller;
  /** Where the key came from that verified it. */
  readonly source: KeySource;
}

/**
 * Remembers verified tokens by their digest, so that a token's signature is verified once. An entry
 * ends with the token's `exp` (the clock tolerance does not extend it) and with any change of keys.
 */
export class VerifiedTokenCache {
  readonly #entries = new LRUCache<string, VerifiedToken>({ max: maxEntries });
  readonly #clock: Clock;
  #generation = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts the changes of keys. */
  get generation(): number {
    return this.#generation;
  }

  find(digest: string): VerifiedToken | undefined {
    const entry = this.#entries.get(digest);
    return entry !== undefined && this.#isCurrent(entry) ? entry : undefined;
  }

  /**
   * @param generation the one at which the verification began. If keys have changed since, the
   *   token is not remembered: the key that verified it may be the one that was withdrawn.
   */
  add(digest: string, entry: VerifiedToken, generation: number): void {
    if (generation === this.#generation && this.#isCurrent(entry)) {
      this.#entries.set(digest, entry);
    }
  }

  /** Forgets everything, as keys have changed. */
  clear(): void {
    this.#generation += 1;
    this.#entries.clear();
  }

  #isCurrent({ caller }: VerifiedToken): boolean {
    return this.#clock() < caller.expiresAtSeconds * 1000;
  }
}
