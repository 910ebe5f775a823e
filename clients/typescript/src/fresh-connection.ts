import { followCredentials } from "./credentials-in-use.js";
import { findElapsedMs, type Moment, readMoment } from "./elapsed-time.js";
import type { IceServerSource } from "./ice-server-source.js";
import { hasOffered, type PeerConnection, readGeneration } from "./peer-connection.js";
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
}

export interface FreshConnection {
  /** Ends the work of the library. A closed connection ends it as well. */
  stop(): void;
}

const checkMs = 2000;
/** The list of a restart that is not planned is no older than this share of its life. */
const freshShare = 0.05;
/** How long the side that answered last waits for the other side to restart after a failure. */
const answererPatienceMs = 10_000;
/** How long a restart may take before it is tried again. */
const restartMs = 15_000;
const maxDelayMs = 60_000;

/**
 * Keeps a call connected when its TURN credentials expire. Gives the connection each new list, with the
 * rest of its configuration unchanged, and restarts ICE before the credentials in use expire, if the call
 * is relayed. Also restarts ICE after it has failed, such as when the network has changed.
 *
 * Both sides can use it: the side that made the last offer restarts. The other one does so only when that
 * has not happened in time.
 */
export function keepConnectionFresh<Configuration extends object>(
  connection: PeerConnection<Configuration>,
  source: Pick<IceServerSource, "get" | "findLifeLeftMs">,
  { restart = () => connection.restartIce(), onError = () => {} }: FreshConnectionOptions = {},
): FreshConnection {
  const credentials = followCredentials(connection, source);
  let lastRestart: { readonly moment: Moment; readonly from: string | undefined } | undefined;
  let failedAt: Moment | undefined;
  let errors = 0;
  let lastErrorAt: Moment | undefined;
  let isChecking = false;

  /** Whether ICE has failed, and it is for this side to restart it. */
  function hasToRecover(): boolean {
    if (!isFailed()) {
      failedAt = undefined;
      return false;
    }
    failedAt ??= readMoment();
    return hasOffered(connection) || findElapsedMs(failedAt) > answererPatienceMs;
  }

  function isFailed(): boolean {
    return connection.iceConnectionState === "failed";
  }

  /** Whether the last restart may still succeed. */
  function isRestarting(): boolean {
    return (
      lastRestart !== undefined &&
      findElapsedMs(lastRestart.moment) < restartMs &&
      (isFailed() || readGeneration(connection) === lastRestart.from)
    );
  }

  async function check(): Promise<void> {
    const recovers = hasToRecover();
    let reason = credentials.findReason();
    if (isRestarting() || (reason !== undefined && !isRelayed(await connection.getStats()))) {
      reason = undefined;
    }
    const list = await source.get(reason === "unplanned" ? { maxAgeShare: freshShare } : {});
    if (connection.signalingState !== "stable") {
      return;
    }
    credentials.configure(list);
    const replaces = reason !== undefined && !credentials.are(list);
    if ((recovers || replaces) && !isRestarting()) {
      lastRestart = { moment: readMoment(), from: readGeneration(connection) };
      void Promise.resolve().then(restart).catch(report);
    }
  }

  function report(error: unknown): void {
    void Promise.resolve(error)
      .then(onError)
      .catch(() => {});
  }

  async function tick(): Promise<void> {
    if (connection.signalingState === "closed") {
      clearInterval(timer);
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
      errors += 1;
      lastErrorAt = readMoment();
      report(error);
    } finally {
      isChecking = false;
    }
  }

  const timer = setInterval(() => void tick(), checkMs);
  void tick();
  return { stop: () => clearInterval(timer) };
}
