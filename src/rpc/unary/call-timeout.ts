import type { ConnectError } from "@connectrpc/connect";

/** The longest delay that a Node timer takes; a longer one would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** As Connect exports it for each protocol. */
type ParseTimeout = (
  value: string | null,
  maxTimeoutMs: number,
) => { timeoutMs?: number; error?: ConnectError | undefined };

/**
 * Reads a timeout header. One further away than timers reach is none: some clients send one to mean
 * "never".
 *
 * @returns milliseconds, or undefined
 * @throws ConnectError InvalidArgument when it is malformed
 */
export function readTimeoutMs(value: string | null, parse: ParseTimeout): number | undefined {
  const { timeoutMs, error } = parse(value, Number.MAX_SAFE_INTEGER);
  if (error !== undefined) {
    throw error;
  }
  return timeoutMs !== undefined && timeoutMs <= longestTimerMs ? timeoutMs : undefined;
}

/** The same, where a malformed one is left to be reported later. */
export function findTimeoutMs(value: string | null, parse: ParseTimeout): number | undefined {
  const { timeoutMs, error } = parse(value, longestTimerMs);
  return error === undefined ? timeoutMs : undefined;
}
