import { findElapsedMs, type Moment, readMoment } from "./elapsed-time.js";
import type { IceServerList } from "./ice-server-list.js";
import type { IceServerSource } from "./ice-server-source.js";
import {
  hasOffered,
  isLedByFirefox,
  leads,
  type PeerConnection,
  readGeneration,
} from "./peer-connection.js";

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
/** How long the side that answered last has a new list before it uses it, so that the other side restarts first. */
const answererDelayMs = 5000;
/**
 * The same for both sides when the credentials have already expired, because the service was away. The
 * other side may have no list yet. It would answer a restart with expired credentials, without a relay, and
 * Firefox would close the call.
 */
const expiredDelayMs = 12_000;

/**
 * Why credentials must be replaced: `planned` by the side whose turn it is, `unplanned` by the other
 * one, or because the lists of the two sides differ in age.
 */
export type ReplacementReason = "planned" | "unplanned";

export interface CredentialsInUse {
  /** Gives the connection a list. Its signaling state is stable. */
  configure(list: IceServerList): void;
  /** Whether a list has TURN credentials, and not those that the candidates in use were gathered with. */
  differFrom(list: IceServerList | undefined): boolean;
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
  /** Since when the connection has a list that is not in use. */
  let replaceableAt: Moment | undefined;
  /** Undefined while it is unknown. */
  let inUse: IceServerList | undefined;
  let generation = readGeneration(connection);
  let isBehind = false;
  let behindAt: Moment | undefined;

  /** Candidates that were gathered since the last time have used what is configured. */
  function noteGeneration(): void {
    const current = readGeneration(connection);
    if (current === generation) {
      return;
    }
    inUse = configured;
    replaceableAt = undefined;
    isBehind =
      generation !== undefined &&
      !hasOffered(connection) &&
      configured !== undefined &&
      isWorthCatchingUp(configured);
    behindAt = isBehind ? readMoment() : behindAt;
    generation = current;
  }

  /**
   * With lists of different ages, the two sides would restart in turn, twice as often as needed. One
   * restart right away brings them to the same age. That pays where the call is likely to outlast the
   * credentials: where it has already lasted as long as they still live. Once in a life at most, or two
   * sides that are slow to answer would do so in turn.
   */
  function isWorthCatchingUp(list: IceServerList): boolean {
    const lifeMs = (list.ttlSeconds ?? 0) * 1000;
    return (
      findSpentShare(list) > behindShare &&
      findLifeLeftMs(list) < findElapsedMs(startedAt) &&
      (behindAt === undefined || findElapsedMs(behindAt) > lifeMs)
    );
  }

  function findUnknownReason(): ReplacementReason | undefined {
    if (leads(connection)) {
      return "planned";
    }
    return findElapsedMs(startedAt) > answererPatienceMs ? "unplanned" : undefined;
  }

  /** Negative for credentials that do not expire. */
  function findSpentShare(list: IceServerList): number {
    return 1 - findLifeLeftMs(list) / ((list.ttlSeconds ?? 0) * 1000);
  }

  function differFrom(list: IceServerList | undefined): boolean {
    const names = readUsernames(list?.iceServers);
    return names !== "" && names !== readUsernames(inUse?.iceServers);
  }

  return {
    configure(list) {
      noteGeneration();
      if (list === configured) {
        return;
      }
      const configuration = connection.getConfiguration();
      const before = readUsernames(Reflect.get(configuration, "iceServers"));
      const names = readUsernames(list.iceServers);
      if (names === "" && before !== "") {
        // The service sends a list without TURN servers while its provider of TURN is away.
        return;
      }
      if (configured === undefined && names === before) {
        // The application has made the connection with it.
        inUse = list;
      } else {
        // With the servers alone, setConfiguration would reset iceTransportPolicy to "all".
        connection.setConfiguration({ ...configuration, iceServers: list.iceServers });
      }
      configured = list;
      replaceableAt = differFrom(list) ? (replaceableAt ?? readMoment()) : undefined;
    },
    differFrom,
    findReason() {
      noteGeneration();
      if (generation === undefined || isLedByFirefox(connection)) {
        return undefined;
      }
      if (inUse === undefined) {
        return findUnknownReason();
      }
      const share = findSpentShare(inUse);
      const waitedMs = replaceableAt === undefined ? 0 : findElapsedMs(replaceableAt);
      const delayMs = share > 1 ? expiredDelayMs : 0;
      if (leads(connection)) {
        return share > offererShare && waitedMs >= delayMs ? "planned" : undefined;
      }
      const isLate = share > answererShare && waitedMs >= delayMs + answererDelayMs;
      return isLate || isBehind ? "unplanned" : undefined;
    },
  };
}

/** Names the credentials of servers. Empty when there are none. */
function readUsernames(iceServers: unknown): string {
  return Array.isArray(iceServers)
    ? iceServers.flatMap((server) => Object(server).username ?? []).join("\n")
    : "";
}
