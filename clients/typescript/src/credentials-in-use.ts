import { findElapsedMs, readMoment } from "./elapsed-time.js";
import type { IceServer, IceServerList } from "./ice-server-list.js";
import type { IceServerSource } from "./ice-server-source.js";
import { hasOffered, type PeerConnection, readGeneration } from "./peer-connection.js";

/**
 * The share of its life after which a credential in use is replaced, by the side that made the last
 * offer. By then both sides have a new list, if their lists are of about the same age.
 */
const offererShare = 0.8;
/** The same for the other side, which leaves the restart to the first. */
const answererShare = 0.9;
/** A side that answers a restart with a list older than this restarts before the other side does. */
const behindShare = 0.25;
/** How long the side that answered last leaves credentials of unknown age to the other side. */
const answererPatienceMs = 10_000;

/**
 * Why credentials must be replaced: `planned` by the side whose turn it is, `unplanned` by the other
 * one, or because the lists of the two sides differ in age.
 */
export type ReplacementReason = "planned" | "unplanned";

export interface CredentialsInUse {
  /** Gives the connection a list. Its signaling state is stable. */
  configure(list: IceServerList): void;
  /** Whether the candidates in use were gathered with this list. */
  are(list: IceServerList): boolean;
  /** Why they must be replaced now, if the call is relayed. The signaling state is stable. */
  findReason(): ReplacementReason | undefined;
}

/** Follows which credentials a connection has gathered its candidates with, and how old they are. */
export function followCredentials<Configuration extends object>(
  connection: PeerConnection<Configuration>,
  { findLifeLeftMs }: Pick<IceServerSource, "findLifeLeftMs">,
): CredentialsInUse {
  const startedAt = readMoment();
  /** What the connection's configuration has. Undefined while the library has not set it. */
  let configured: IceServerList | undefined;
  /** Undefined while it is unknown. */
  let inUse: IceServerList | undefined;
  let generation = readGeneration(connection);
  let isBehind = false;

  /** Candidates that were gathered since the last time have used what is configured. */
  function noteGeneration(): void {
    const current = readGeneration(connection);
    if (current === generation) {
      return;
    }
    inUse = configured;
    isBehind = generation !== undefined && !hasOffered(connection) && isWorthCatchingUp();
    generation = current;
  }

  /**
   * With lists of different ages, the two sides would restart in turn, twice as often as needed. One
   * restart right away brings them to the same age. That pays where the call is likely to outlast the
   * credentials: where it has already lasted as long as they still live.
   */
  function isWorthCatchingUp(): boolean {
    return (
      inUse !== undefined &&
      findSpentShare(inUse) > behindShare &&
      findLifeLeftMs(inUse) < findElapsedMs(startedAt)
    );
  }

  /** Negative for credentials that do not expire. */
  function findSpentShare(list: IceServerList): number {
    return 1 - findLifeLeftMs(list) / ((list.ttlSeconds ?? 0) * 1000);
  }

  return {
    configure(list) {
      noteGeneration();
      if (list === configured) {
        return;
      }
      const configuration = connection.getConfiguration();
      if (!hasServers(configuration, list.iceServers)) {
        // With the servers alone, setConfiguration would reset iceTransportPolicy to "all".
        connection.setConfiguration({ ...configuration, iceServers: list.iceServers });
      } else if (configured === undefined) {
        inUse = list;
      }
      configured = list;
    },
    are: (list) => list === inUse,
    findReason() {
      noteGeneration();
      if (generation === undefined) {
        return undefined;
      }
      const offered = hasOffered(connection);
      const share = inUse === undefined ? undefined : findSpentShare(inUse);
      if (offered && (share === undefined || share > offererShare)) {
        return "planned";
      }
      const isLate =
        share === undefined ? findElapsedMs(startedAt) > answererPatienceMs : share > answererShare;
      return isLate || isBehind ? "unplanned" : undefined;
    },
  };
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
