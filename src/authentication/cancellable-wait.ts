import { TokenRejectedError } from "./token-rejected-error.js";

/** Who waits for a verification. The signal is costly to make, so that it is read only if there is a wait. */
export interface CancellableWait {
  readonly signal: AbortSignal;
  /** The client on whose behalf keys are fetched; without an address, one that all such share. */
  readonly clientAddress?: string | undefined;
  /** Called when a fetch, such as of an issuer's keys, begins to hold the call up. */
  beginFetch?(): void;
  /** Called when it no longer does. */
  endFetch?(): void;
}

/**
 * Waits for a fetch that is shared with others. The signal ends the wait, not the fetch.
 * @throws TokenRejectedError `cancelled` (as a rejection), and what the fetch rejects with
 */
export async function waitForFetch<T>(
  fetch: Promise<T>,
  wait: CancellableWait | undefined,
): Promise<T> {
  if (wait === undefined) {
    return fetch;
  }
  const { signal } = wait;
  let cancel = () => {};
  const cancelled = new Promise<never>((_, reject) => {
    cancel = () => reject(new TokenRejectedError("cancelled", false));
  });
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) {
    cancel();
  }
  wait.beginFetch?.();
  try {
    return await Promise.race([cancelled, fetch]);
  } finally {
    wait.endFetch?.();
    signal.removeEventListener("abort", cancel);
  }
}
