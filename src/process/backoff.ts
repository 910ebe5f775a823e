const firstRetryMs = 1_000;
const maxRetryMs = 30_000;

/**
 * How long to wait after a reload that failed, before it is tried again.
 * @param tries how many have failed, from 1
 * @returns milliseconds from 1000 to 30000
 */
export function retryDelayMs(tries: number): number {
  return Math.min(maxRetryMs, firstRetryMs * 2 ** (tries - 1));
}

/** A worker that has served this long has not failed for the same reason as before. */
const stableAfterMs = 60_000;
const firstDelayMs = 500;
const maxDelayMs = 30_000;

/**
 * How long to wait before one worker's place is filled again: not at all after a first failure,
 * then longer each time, so that a worker that cannot run costs almost nothing.
 */
export class RestartBackoff {
  #failures = 0;

  /**
   * @param upMs how long the worker was ready before it ended
   * @returns milliseconds from 0 to 30000
   */
  next(upMs: number): number {
    this.#failures = upMs >= stableAfterMs ? 1 : this.#failures + 1;
    return this.#failures === 1
      ? 0
      : Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#failures - 2));
  }
}
