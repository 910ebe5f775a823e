import { timeOutError } from "./probe-failure.js";

/**
 * Runs work that ends with a signal: the caller's, or one whose reason is {@link timeOutError} when the
 * time is up.
 *
 * @param timeoutMs above 0
 * @param signal of the caller; its reason is thrown at once where it has ended before
 * @throws whatever the work throws
 */
export async function runWithin<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(timeOutError()), timeoutMs);
  try {
    return await work(
      signal === undefined ? timeUp.signal : AbortSignal.any([signal, timeUp.signal]),
    );
  } finally {
    clearTimeout(timer);
  }
}
