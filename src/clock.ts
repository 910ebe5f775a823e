/** The present as Unix time in milliseconds. Injected wherever a test must move time. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Milliseconds since an arbitrary moment. Never set back, unlike the time. */
export const monotonicClock: Clock = () => performance.now();

/** Unix time in seconds, without their fraction, as `2026-11-25T13:20:00Z`. */
export function printTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Whether so much time has passed since then. A clock set back must not stretch a time to wait. */
export function hasPassed(durationMs: number, sinceMs: number, nowMs: number): boolean {
  return nowMs >= sinceMs + durationMs || nowMs < sinceMs;
}

/** Calls back once, after 0 to 2^31 - 1 milliseconds. Injected as the {@link Clock} is. */
export type StartTimer = (callback: () => void, delayMs: number) => void;

/** Its timers do not keep the process alive. */
export const systemTimer: StartTimer = (callback, delayMs) =>
  void setTimeout(callback, delayMs).unref();
