import { setImmediate as nextTurn } from "node:timers/promises";

/** In a turn of the event loop that is this short, hardly a connection can have come unseen. */
const calmTurnMs = 0.5;
/** How long such a turn is waited for; any other without a new connection has to do then. */
const maxCalmWaitMs = 250;
/** With new connections in every turn, waiting ends after this time all the same. */
const maxWaitMs = 1_000;

/**
 * Waits for a moment in which no connection waits to be accepted. Closing a listening socket resets
 * the connections in its accept queue, and the kernel has no way to close only the entrance. Node
 * accepts one connection in each turn of its event loop, so after a turn without one the queue was
 * empty. Close the socket without awaiting anything else. Settles within about a second.
 *
 * @param readArrivals a number that changes whenever a connection has been accepted
 * @param isBusy whether accepted connections are still on their way to their process
 */
export async function untilAcceptQueueIsEmpty(
  readArrivals: () => number,
  isBusy: () => boolean = () => false,
): Promise<void> {
  const startedAtMs = performance.now();
  for (;;) {
    const arrivals = readArrivals();
    const turnStartedAtMs = performance.now();
    await nextTurn();
    const nowMs = performance.now();
    const isCalm = nowMs - turnStartedAtMs <= calmTurnMs || nowMs - startedAtMs >= maxCalmWaitMs;
    if (isCalm && arrivals === readArrivals() && !isBusy()) {
      return;
    }
    if (nowMs - startedAtMs >= maxWaitMs) {
      return;
    }
  }
}
