import { Code, ConnectError } from "@connectrpc/connect";

/** What a stream may ask for in all. */
export interface RequestBounds {
  readonly maxRequests: number;
  /** From the stream's start, however many requests have come, in milliseconds. */
  readonly maxAgeMs: number;
}

/**
 * Passes the request messages of a stream on, until it has had its share.
 *
 * @param signal ends it at once, even where the next message is still awaited
 * @throws ConnectError ResourceExhausted when a bound is passed; the signal's reason
 */
export async function* boundRequests<T>(
  requests: AsyncIterable<T>,
  { maxRequests, maxAgeMs }: RequestBounds,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = requests[Symbol.asyncIterator]();
  let reject = (_: unknown) => {};
  const ended = new Promise<never>((_, rejectEnded) => {
    reject = rejectEnded;
  });
  // It may end when nobody waits for a message.
  ended.catch(() => {});
  const stop = () => reject(signal.reason);
  const timer = setTimeout(
    () => reject(exhausted(`the stream is older than ${maxAgeMs / 1000} s`)),
    maxAgeMs,
  );
  if (signal.aborted) {
    stop();
  }
  signal.addEventListener("abort", stop, { once: true });
  try {
    for (let count = 0; ; count++) {
      const next = await Promise.race([ended, iterator.next()]);
      if (next.done === true) {
        return;
      }
      if (count === maxRequests) {
        throw exhausted(`the stream has more than ${maxRequests} requests`);
      }
      yield next.value;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    // Not waited for: a generator returns only when what it waits for has come.
    iterator.return?.().catch(() => {});
  }
}

function exhausted(message: string): ConnectError {
  return new ConnectError(message, Code.ResourceExhausted);
}
