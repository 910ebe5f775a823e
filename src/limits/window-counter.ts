import { LRUCache } from "lru-cache";

/** What was counted in one window of time. */
export interface CountWindow {
  /** The one just counted included. */
  readonly count: number;
  /** When the window ends, by the clock. */
  readonly endsAtMs: number;
}

/** Of the partitions beyond, those not seen for longest are forgotten, and begin at 0 again. */
export const maxPartitions = 100_000;

/**
 * Counts by partition in windows of fixed length, the first of which begins with the partition's
 * first count. Two windows in a row may therefore see twice the quota within the length of one.
 */
export class WindowCounter {
  readonly #windows = new LRUCache<string, { count: number; endsAtMs: number }>({
    max: maxPartitions,
  });
  readonly #windowMs: number;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Counts one. */
  add(partition: string, nowMs: number): CountWindow {
    const window = this.#windows.get(partition);
    if (window !== undefined && this.#isCurrent(window, nowMs)) {
      window.count += 1;
      return window;
    }
    const begun = { count: 1, endsAtMs: nowMs + this.#windowMs };
    this.#windows.set(partition, begun);
    return begun;
  }

  /** The present window, if there is one. */
  find(partition: string, nowMs: number): CountWindow | undefined {
    const window = this.#windows.get(partition);
    return window !== undefined && this.#isCurrent(window, nowMs) ? window : undefined;
  }

  /** Goes on from what somebody else has counted. */
  set(partition: string, { count, endsAtMs }: CountWindow): void {
    this.#windows.set(partition, { count, endsAtMs });
  }

  /** The second half is for a clock that was put back: the window would last as much longer. */
  #isCurrent({ endsAtMs }: CountWindow, nowMs: number): boolean {
    return nowMs < endsAtMs && endsAtMs - nowMs <= this.#windowMs;
  }
}
