import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.js";
import type { VerifiedToken } from "./token-kind.js";

const maxVerified = 10_000;

/**
 * Remembers good tokens by their digest, so that a token is verified once: 10,000 of them, and those
 * of tables beside. An entry ends when the token needs to be verified again, and with any change
 * of what proves tokens.
 */
export class VerifiedTokenCache {
  readonly #entries: LRUCache<string, VerifiedToken>;
  readonly #clock: Clock;
  #generation = 0;

  /** @param tableSize how many tokens there are in tables */
  constructor(clock: Clock, tableSize = 0) {
    // With `max`, room for all of them would be made at once, which takes milliseconds of a reload.
    this.#entries = new LRUCache({ maxSize: maxVerified + tableSize, sizeCalculation: () => 1 });
    this.#clock = clock;
  }

  /** Counts the changes of what proves tokens. */
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

  /** Forgets everything, as what proves tokens has changed. */
  clear(): void {
    this.#generation += 1;
    this.#entries.clear();
  }

  #isCurrent({ knownUntilMs }: VerifiedToken): boolean {
    return this.#clock() < knownUntilMs;
  }
}
