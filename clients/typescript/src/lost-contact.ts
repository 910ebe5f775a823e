import { findElapsedMs, type Moment, readMoment } from "./elapsed-time.js";
import { cannotOffer, leads, type PeerConnection, readGeneration } from "./peer-connection.js";

/**
 * How long a connection may be in a state before it is restarted. Many gaps end by themselves. Chromium
 * checks forever when a side has found no candidates.
 */
const patiencesMs = new Map([
  ["failed", 0],
  ["disconnected", 3000],
  ["checking", 15_000],
  ["new", 15_000],
]);
/** How long the side that answered last waits for the other side to restart. */
const answererPatienceMs = 10_000;
/** How long the network may be away before a restart is tried without a sign that it is back. */
const signPatienceMs = 15_000;

export interface LostContact {
  /** For how long the sides have not reached each other, in milliseconds, 0 while they do. */
  findLostMs(): number;
  /**
   * Whether it is for this side to restart ICE because it has failed, or is about to. Firefox closes all
   * data channels once ICE has failed, and no restart opens them again: there, only a restart while it is
   * disconnected saves the call.
   */
  isToRestart(): boolean;
  /**
   * Whether to restart even if the network may be away. Without a network, Firefox finds no candidates
   * and fails 5 s after a restart, but only 30 s after the last packet without one.
   */
  isLong(): boolean;
}

/** Follows for how long the sides of a connection have not reached each other. To be asked often. */
export function followContact(connection: PeerConnection<object>): LostContact {
  let lostAt: Moment | undefined;

  function findLostMs(): number {
    if (
      readGeneration(connection) === undefined ||
      !patiencesMs.has(connection.iceConnectionState)
    ) {
      lostAt = undefined;
      return 0;
    }
    lostAt ??= readMoment();
    return findElapsedMs(lostAt);
  }

  return {
    findLostMs,
    isToRestart() {
      const lostMs = findLostMs();
      const patienceMs =
        (patiencesMs.get(connection.iceConnectionState) ?? 0) +
        (leads(connection) ? 0 : answererPatienceMs);
      return lostAt !== undefined && lostMs >= patienceMs && !cannotOffer(connection);
    },
    isLong: () => findLostMs() > signPatienceMs,
  };
}
