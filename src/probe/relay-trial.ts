import type { TurnCredential } from "../turn/provider.js";
import type { AddressFamily } from "./attributes.js";
import { ProbeError, type ProbeFailure, probeError, toFailure } from "./probe-failure.js";
import { proveRelay, type RelayTest } from "./relay-proof.js";
import type { ServerAddress } from "./server-address.js";
import type { TransactionContext } from "./transaction.js";
import { printTransportAddress } from "./transport-address.js";
import { TurnSession } from "./turn-session.js";

export interface RelayTrialOptions {
  /** Of the whole probe. The test of the relay takes half of it at most. */
  readonly timeoutMs: number;
  /** When that time is over, by the context's clock. */
  readonly endsAtMs: number;
  /** The realm that the server must name. */
  readonly realm?: string | undefined;
  /** What relay to ask for; absent, the server chooses. */
  readonly family?: AddressFamily | undefined;
  /** Where the relay is tested with packets from outside; absent: nowhere. */
  readonly relayTest?: RelayTest | undefined;
}

/** What is learnt of a TURN server on the way. */
export interface RelayFindings {
  /** Of the first request that was answered; the connection's opening is not in it. */
  roundTripMs?: number;
  /** What the server names, safe to show. */
  realm?: string;
  relayedTransportAddress?: string;
  /** Packets from outside have crossed the relay, in both directions. */
  relayProven?: true;
}

/**
 * Opens a relay, tests it, and gives it back.
 * @param found gets what is learnt, also when that ends with an error
 * @throws ProbeError, TryAlternateError, MalformedMessageError; the reason of the context's signal
 */
export async function tryRelay(
  context: TransactionContext,
  server: ServerAddress,
  credential: TurnCredential,
  { realm: expectedRealm, family, relayTest: test, timeoutMs, endsAtMs }: RelayTrialOptions,
  found: RelayFindings,
): Promise<void> {
  const session = new TurnSession(context, credential);
  const { realm, roundTripMs } = await session.challenge();
  found.realm = realm;
  found.roundTripMs = roundTripMs;
  if (expectedRealm !== undefined && realm !== expectedRealm) {
    throw probeError("wrong-realm", `the server names the realm ${JSON.stringify(realm)}`);
  }
  const allocation = await session.allocate(family);
  found.relayedTransportAddress = printTransportAddress(allocation.relayed);
  let isReleased = false;
  try {
    const { now = () => performance.now() } = context;
    // The test takes three round trips, and what follows one.
    const waitMs = Math.max(1, Math.min(timeoutMs / 2, (endsAtMs - now()) * 0.75));
    const proof = { server, session, allocation, context, waitMs };
    const failure = test && (await proveRelay({ ...proof, test }).catch(toRelayFailure));
    try {
      await session.release();
      isReleased = true;
    } catch (error) {
      // The first failure is the one to report.
      throw failure !== undefined && error instanceof ProbeError ? new ProbeError(failure) : error;
    }
    if (failure !== undefined) {
      throw new ProbeError(failure);
    }
    if (test !== undefined) {
      found.relayProven = true;
    }
  } finally {
    if (!isReleased) {
      session.abandon();
    }
  }
}

/**
 * What an error in the test of a relay means. coturn closes the connection of a client whose packets
 * its own firewall keeps from leaving the relay.
 */
function toRelayFailure(error: unknown): ProbeFailure {
  const failure = toFailure(error);
  const detail = `while the relay was tested, the connection to the server ended: ${failure.detail}`;
  return failure.cause === "connection-closed" ? { cause: "relay-unreachable", detail } : failure;
}
