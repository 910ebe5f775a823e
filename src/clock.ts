/** The present as Unix time in milliseconds. Injected wherever a test has to move time. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Whether so much time has passed since then. A clock set back must not stretch a time to wait. */
export function hasPassed(durationMs: number, sinceMs: number, nowMs: number): boolean {
  return nowMs >= sinceMs + durationMs || nowMs < sinceMs;
}
