/** What a program that has done its work gets to return, in milliseconds. */
const endDelayMs = 200;

/**
 * Has the process end, to be called when all else is done: an export of traces that nobody answers,
 * and a name of a server to probe that nobody resolves, would be waited for until their own time-outs
 * have passed, and cannot be called off.
 */
export function endDespiteWaiting(): void {
  setTimeout(() => process.exit(), endDelayMs).unref();
}
