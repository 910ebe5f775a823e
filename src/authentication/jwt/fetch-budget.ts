import { LRUCache } from "lru-cache";

/** The number of fetches that a client may cause in a minute. */
const maxFetches = 3;
const windowMs = 60_000;
/** With more clients, those with the oldest fetches are forgotten. */
const maxClients = 10_000;

/**
 * Limits the fetches of keys on behalf of one client, so that forged tokens do not make the service
 * fetch all the time. Times are monotonic, in milliseconds.
 */
export class FetchBudget {
  /** When the last fetches for each client began, the oldest first. */
  readonly #begun = new LRUCache<string, readonly number[]>({ max: maxClients });

  /** When the client may cause its next fetch. */
  findNextMs(client: string): number {
    const begun = this.#begun.get(client) ?? [];
    const [oldest = 0] = begun;
    return begun.length < maxFetches ? Number.NEGATIVE_INFINITY : oldest + windowMs;
  }

  /** Counts a fetch that starts at that time. */
  spend(client: string, atMs: number): void {
    const begun = this.#begun.get(client) ?? [];
    this.#begun.set(client, [...begun.slice(1 - maxFetches), atMs]);
  }
}
