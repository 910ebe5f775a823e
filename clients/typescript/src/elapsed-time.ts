/** A moment, on both clocks of the device. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function readMoment(): Moment {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

/**
 * The milliseconds since a moment, or more. The monotonic clock stands still in some browsers while the
 * device sleeps, and the wall clock may be set back: whichever has moved further is right, or early,
 * which only costs a request.
 */
export function findElapsedMs({ monotonicMs, wallMs }: Moment): number {
  return Math.max(performance.now() - monotonicMs, Date.now() - wallMs);
}
