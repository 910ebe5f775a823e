/**
 * A point of the real time, which is all that another process knows: neither the built program nor
 * coturn lets a test move its clock.
 */

/** In Unix seconds, as `exp` and TURN usernames have it. */
export function secondsFromNow(seconds: number): number {
  return Math.floor(millisecondsFromNow(seconds * 1000) / 1000);
}

/** In Unix milliseconds, as grpc-js takes a deadline; it has no other way to give one. */
export function millisecondsFromNow(milliseconds: number): number {
  return Date.now() + milliseconds;
}
