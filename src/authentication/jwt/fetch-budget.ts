import { LRUCache } from "lru-cache";

/** How many fetches a client may cause in a minute. */
const maxFetches = 3;
const windowMs = 60_000;
/** Of the clients beyond, those that have caused none for longest are forgotten. */
const maxClients = 10_000;

/**
 * Bounds how many fetches of keys happen on behalf of one client: whoever sends forged tokens cannot
 * make the service fetch all the time. Times are monotonic, in milliseconds.
 */
export class FetchBudget {
  /** When the last fetches for each client began, the oldest first. */
  readonly #begun = new LRUCache<string, readonly number[]>({ max: maxClients });

  /** From when on the client may cause another one. */
  findNextMs(client: string): number {
    const begun = this.#begun.get(client) ?? [];
    const [oldest = 0] = begun;
    return begun.length < maxFetches ? Number.NEGATIVE_INFINITY : oldest + windowMs;
  }

  /** Counts one that begins at that time. */
  spend(client: string, atMs: number): void {
    const begun = this.#begun.get(client) ?? [];
    this.#begun.set(client, [...begun.slice(1 - maxFetches), atMs]);
  }
}
