import { followCredentials } from "./credentials-in-use.js";
import { findElapsedMs, type Moment, readMoment } from "./elapsed-time.js";
import type { IceServerList } from "./ice-server-list.js";
import type { GetOptions, IceServerSource } from "./ice-server-source.js";
import { followContact } from "./lost-contact.js";
import {
  hasLostTransport,
  isLedByFirefox,
  type PeerConnection,
  readGeneration,
} from "./peer-connection.js";
import { isRelayed } from "./selected-pair.js";

export interface FreshConnectionOptions {
  /**
   * Restarts ICE. By default, `connection.restartIce()`, which fires `negotiationneeded`. Use it to send
   * an offer with `iceRestart: true` where the application does not negotiate on that event.
   */
  readonly restart?: () => void | Promise<void>;
  /**
   * Called when a list cannot be had, or a restart throws. The library tries again either way. What the
   * callback itself throws is ignored.
   */
  readonly onError?: (error: unknown) => void;
  /**
   * Called once when no ICE restart can bring the call back, because its transport has failed. The library
   * has ended its work: make a new connection.
   */
  readonly onLost?: () => void;
}

export interface FreshConnection {
  /** Ends the work of the library. A closed connection ends it as well. */
  stop(): void;
}

const checkMs = 2000;
/** The list of a restart that is not planned is no older than this share of its life. */
const freshShare = 0.05;
/** The list of a side that leaves restarts to Firefox is no older than this, as it may need it at any time. */
const followerShare = 0.1;
/** How long a restart may take before it is tried again: longer each time in a row. */
const restartMs = 15_000;
const maxRestartMs = 60_000;
/** The longest delay after errors. By then both sides have a list when the service is back. */
const maxDelayMs = 10_000;

/**
 * Keeps a call connected when its TURN credentials expire. Gives the connection each new list, with the
 * rest of its configuration unchanged, and restarts ICE before the credentials in use expire, if the call
 * is relayed. Also restarts ICE when the sides have lost contact, such as after a change of the network.
 *
 * Both sides can use it: the side that made the last offer restarts. The other one does so only when that
 * has not happened in time. Between Firefox and another browser, Firefox restarts before credentials expire,
 * and the other side keeps a new list ready.
 */
export function keepConnectionFresh<Configuration extends object>(
  connection: PeerConnection<Configuration>,
  source: Pick<IceServerSource, "get" | "findLifeLeftMs">,
  {
    restart = () => connection.restartIce(),
    onError = () => {},
    onLost = () => {},
  }: FreshConnectionOptions = {},
): FreshConnection {
  const credentials = followCredentials(connection, source);
  const contact = followContact(connection);
  let latest: IceServerList | undefined;
  let lastRestart: { readonly moment: Moment; readonly from: string | undefined } | undefined;
  /** Restarts in a row that have brought nothing back so far. */
  let attempts = 0;
  let errors = 0;
  let lastErrorAt: Moment | undefined;
  let isChecking = false;
  let isStopped = false;

  function stop(): void {
    isStopped = true;
    clearInterval(timer);
  }

  function isOver(): boolean {
    return isStopped || connection.signalingState === "closed";
  }

  /** Whether the last restart may still succeed. */
  function isRestarting(hasNoContact: boolean): boolean {
    const patienceMs = Math.min(restartMs * 2 ** Math.max(attempts - 1, 0), maxRestartMs);
    return (
      lastRestart !== undefined &&
      findElapsedMs(lastRestart.moment) < patienceMs &&
      (hasNoContact || readGeneration(connection) === lastRestart.from)
    );
  }

  async function check(): Promise<void> {
    const hasNoContact = contact.isToRestart();
    const isConnected = ["connected", "completed"].includes(connection.iceConnectionState);
    if (isConnected) {
      attempts = 0;
    }
    const waits = isRestarting(hasNoContact);
    const recovers = hasNoContact && !waits;
    const reason = waits ? undefined : credentials.findReason();
    // Not "disconnected": a call that uses no relay may also be that for a moment.
    const isOpening = ["new", "checking"].includes(connection.iceConnectionState);
    const replaces = reason !== undefined && (isOpening || isRelayed(await connection.getStats()));
    const list = await source
      .get(await findMaxAge(recovers, reason === "unplanned" && replaces))
      .catch(async (error: unknown) => {
        if (!isOver() && recovers && contact.isLong() && (await canRestartWithout())) {
          report(error);
          return latest;
        }
        throw error;
      });
    if (isOver() || connection.signalingState !== "stable") {
      return;
    }
    if (list !== undefined) {
      credentials.configure(list);
    }
    const isNew = list !== latest;
    latest = list;
    const isLost = recovers && contact.isToRestart();
    if (isLost ? isNew || contact.isLong() : replaces && credentials.differFrom(list)) {
      attempts += isLost ? 1 : 0;
      lastRestart = { moment: readMoment(), from: readGeneration(connection) };
      void Promise.resolve().then(restart).catch(report);
    }
  }

  /** How old the list may be. */
  async function findMaxAge(recovers: boolean, catchesUp: boolean): Promise<GetOptions> {
    if (recovers) {
      // That the service has answered since is a sign that the network is back.
      return { maxAgeMs: contact.findLostMs() };
    }
    if (catchesUp) {
      return { maxAgeShare: freshShare };
    }
    // A new list whenever Firefox restarts, so that its next restart is in time for this side.
    const follows = isLedByFirefox(connection) && isRelayed(await connection.getStats());
    return follows ? { maxAgeShare: followerShare } : {};
  }

  /** Whether a restart can help without a new list. */
  async function canRestartWithout(): Promise<boolean> {
    const lives = latest !== undefined && source.findLifeLeftMs(latest) > 0;
    return lives || !isRelayed(await connection.getStats());
  }

  function report(error: unknown): void {
    void Promise.resolve(error)
      .then(onError)
      .catch(() => {});
  }

  async function tick(): Promise<void> {
    if (connection.signalingState === "closed") {
      stop();
      return;
    }
    if (hasLostTransport(connection)) {
      stop();
      void Promise.resolve().then(onLost).catch(report);
      return;
    }
    const delayMs = errors === 0 ? 0 : Math.min(checkMs * 2 ** errors, maxDelayMs);
    if (
      isChecking ||
      // Until then it is open which candidates will be in use.
      connection.signalingState !== "stable" ||
      (lastErrorAt !== undefined && findElapsedMs(lastErrorAt) < delayMs)
    ) {
      return;
    }
    isChecking = true;
    try {
      await check();
      errors = 0;
    } catch (error) {
      if (!isOver()) {
        errors += 1;
        lastErrorAt = readMoment();
        report(error);
      }
    } finally {
      isChecking = false;
    }
  }

  const timer = setInterval(() => void tick(), checkMs);
  void tick();
  return { stop };
}
