import { findElapsedMs, type Moment, readMoment } from "./elapsed-time.js";
import type { IceServer, IceServerList } from "./ice-server-list.js";
import type { IceServerSource } from "./ice-server-source.js";
import { isRelayed, type StatsReport } from "./selected-pair.js";

/** What the library uses of an RTCPeerConnection. */
export interface PeerConnection<Configuration extends object> {
  readonly signalingState: string;
  readonly iceConnectionState: string;
  readonly localDescription: { readonly type: string; readonly sdp: string } | null;
  getConfiguration(): Configuration;
  setConfiguration(configuration: Configuration): void;
  getStats(): Promise<StatsReport>;
  restartIce(): void;
}

export interface FreshConnectionOptions {
  /**
   * Restarts ICE. By default, `connection.restartIce()`, which fires `negotiationneeded`. Use it to send
   * an offer with `iceRestart: true` where the application does not negotiate on that event.
   */
  readonly restart?: () => void | Promise<void>;
  /** Called when a list cannot be had, or a restart throws. The library tries again either way. */
  readonly onError?: (error: unknown) => void;
}

export interface FreshConnection {
  /** Ends the work of the library. A closed connection ends it as well. */
  stop(): void;
}

const checkMs = 2000;
/** The side that answered last leaves the restart to the other side until this share of a list's life is over. */
const answererShare = 0.9;
/** How long the side that answered last waits for the other side, where it cannot tell by a list. */
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
  const startedAt = readMoment();
  /** What the connection's configuration has. Undefined while the library has not set it. */
  let configured: IceServerList | undefined;
  /** What the candidates in use were gathered with. Undefined while it is unknown. */
  let inUse: IceServerList | undefined;
  let generation = readGeneration(connection);
  let restartedAt: Moment | undefined;
  let failedAt: Moment | undefined;
  let errors = 0;
  let lastErrorAt: Moment | undefined;
  let isChecking = false;

  /** Candidates that are gathered from now on use what the configuration has now. */
  function noteGeneration(): void {
    const current = readGeneration(connection);
    if (current !== undefined && current !== generation) {
      generation = current;
      inUse = configured;
    }
  }

  function configure(list: IceServerList): void {
    if (list === configured) {
      return;
    }
    const configuration = connection.getConfiguration();
    const isNew = !hasServers(configuration, list.iceServers);
    if (isNew) {
      // With the servers alone, setConfiguration would reset iceTransportPolicy to "all".
      connection.setConfiguration({ ...configuration, iceServers: list.iceServers });
    } else if (configured === undefined) {
      inUse = list;
    }
    configured = list;
  }

  /** Whether it is time for this side to restart, as far as that can be told without statistics. */
  function isDue(list: IceServerList): boolean {
    if (restartedAt !== undefined && findElapsedMs(restartedAt) < restartMs) {
      return false;
    }
    const offered = connection.localDescription?.type === "offer";
    if (connection.iceConnectionState === "failed") {
      failedAt ??= readMoment();
      return offered || findElapsedMs(failedAt) > answererPatienceMs;
    }
    failedAt = undefined;
    if (inUse === list || connection.localDescription === null) {
      return false;
    }
    if (offered) {
      return true;
    }
    return inUse?.ttlSeconds === undefined
      ? findElapsedMs(startedAt) > answererPatienceMs
      : source.findLifeLeftMs(inUse) < inUse.ttlSeconds * 1000 * (1 - answererShare);
  }

  async function check(): Promise<void> {
    noteGeneration();
    const list = await source.get();
    if (isClosed()) {
      return;
    }
    noteGeneration();
    configure(list);
    if (connection.signalingState !== "stable" || !isDue(list)) {
      return;
    }
    const isFailed = connection.iceConnectionState === "failed";
    if (isFailed || isRelayed(await connection.getStats())) {
      restartedAt = readMoment();
      await restart();
    }
  }

  function isClosed(): boolean {
    return connection.signalingState === "closed";
  }

  async function tick(): Promise<void> {
    if (isClosed()) {
      clearInterval(timer);
      return;
    }
    const delayMs = errors === 0 ? 0 : Math.min(checkMs * 2 ** errors, maxDelayMs);
    if (isChecking || (lastErrorAt !== undefined && findElapsedMs(lastErrorAt) < delayMs)) {
      return;
    }
    isChecking = true;
    try {
      await check();
      errors = 0;
    } catch (error) {
      errors += 1;
      lastErrorAt = readMoment();
      onError(error);
    } finally {
      isChecking = false;
    }
  }

  const timer = setInterval(() => void tick(), checkMs);
  void tick();
  return { stop: () => clearInterval(timer) };
}

/** Names the ICE generation of the connection (RFC 8839 section 5.4): a restart changes it. */
function readGeneration({
  localDescription,
}: Pick<PeerConnection<object>, "localDescription">): string | undefined {
  return /^a=ice-ufrag:(.*)$/m.exec(localDescription?.sdp ?? "")?.[1];
}

/** Whether the configuration has the credentials of a list. */
function hasServers(configuration: object, iceServers: readonly IceServer[]): boolean {
  const configured: unknown = Reflect.get(configuration, "iceServers");
  const names = (servers: unknown) =>
    Array.isArray(servers)
      ? servers.map((server) => String(Object(server).username ?? "")).join("\n")
      : "";
  return names(configured) === names(iceServers) && names(iceServers).trim() !== "";
}
