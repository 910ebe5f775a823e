import type { ConnectError } from "@connectrpc/connect";

/** The longest delay that a Node timer takes; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** As Connect exports it for each protocol. */
type ParseTimeout = (value: string, maxTimeoutMs: number) => ParsedTimeout;

export interface ParsedTimeout {
  /** Undefined where there is no timeout to keep. */
  readonly timeoutMs?: number;
  /** InvalidArgument where the header is malformed. */
  readonly error?: ConnectError | undefined;
}

const none: ParsedTimeout = {};

/**
 * Reads a timeout header. A timeout longer than timers reach counts as none: some clients send one to
 * mean "never".
 */
export function readTimeout(value: string | null, parse: ParseTimeout): ParsedTimeout {
  if (value === null) {
    return none;
  }
  const parsed = parse(value, Number.MAX_SAFE_INTEGER);
  return (parsed.timeoutMs ?? 0) > longestTimerMs ? none : parsed;
}
