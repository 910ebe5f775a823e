const firstRetryMs = 1_000;
const maxRetryMs = 30_000;

/**
 * How long to wait after a try that failed, before the next one.
 * @param tries how many have failed, from 1
 * @returns milliseconds from 1000 to 30000
 */
export function retryDelayMs(tries: number): number {
  return Math.min(maxRetryMs, firstRetryMs * 2 ** (tries - 1));
}
