import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** After this long without a new connection, one rarely arrives between the last look and the close. */
const quietMs = 30;
/**
 * Between two looks while it is quiet. A process that never rests is the one to be interrupted when
 * others wake up, and clients would connect between its last look and the close.
 */
const restMs = 3;
/** The longest turn of the event loop after which the last look is recent enough. */
const calmTurnMs = 0.2;
/** Where it is never quiet, any turn without a new connection is enough after this time. */
const maxQuietWaitMs = 700;
/** With new connections in every turn, waiting ends after this time all the same. */
const maxWaitMs = 1_500;
/**
 * What a turn counts for at most. Longer ones are no sign of many connections: other processes have
 * kept this one from running, and from accepting.
 */
const maxCountedTurnMs = 2;
/** The end of waiting even then. */
const maxStarvedWaitMs = 10_000;

/**
 * Waits for a moment in which no connection waits to be accepted. Closing a listening socket resets
 * the connections in its accept queue, and the kernel has no way to close only the entrance. Node
 * accepts one connection in each turn of its event loop, so after a turn without one the queue was
 * empty. Close the socket without awaiting anything else. Settles within about two seconds, or ten
 * where the process gets little CPU time.
 *
 * @param readArrivals a number that changes whenever a connection has been accepted
 * @param isBusy whether accepted connections are still on their way to their process
 */
export async function untilAcceptQueueIsEmpty(
  readArrivals: () => number,
  isBusy: () => boolean = () => false,
): Promise<void> {
  const startedAtMs = performance.now();
  let quietSinceMs = startedAtMs;
  let countedMs = 0;
  let arrivals = readArrivals();
  let hasArrivals = false;
  for (;;) {
    if (!hasArrivals) {
      await sleep(restMs);
    }
    const turnStartedAtMs = performance.now();
    await nextTurn();
    const nowMs = performance.now();
    hasArrivals = readArrivals() !== arrivals || isBusy();
    countedMs += Math.min(nowMs - turnStartedAtMs, maxCountedTurnMs);
    if (hasArrivals) {
      arrivals = readArrivals();
      quietSinceMs = nowMs;
    } else if (
      nowMs - startedAtMs >= maxQuietWaitMs ||
      (nowMs - quietSinceMs >= quietMs && nowMs - turnStartedAtMs <= calmTurnMs)
    ) {
      return;
    }
    if (countedMs >= maxWaitMs || nowMs - startedAtMs >= maxStarvedWaitMs) {
      return;
    }
  }
}
