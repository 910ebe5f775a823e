import type { StunErrorCode } from "./error-code.js";
import { exchangePackets } from "./packet-exchange.js";
import { isTimeOut, ProbeError, type ProbeFailure } from "./probe-failure.js";
import { printErrorCode } from "./server-error.js";
import { isSpecialPurpose } from "./special-purpose.js";
import { runWithin } from "./time-limit.js";
import type { TransactionContext } from "./transaction.js";
import { printTransportAddress, type TransportAddress } from "./transport-address.js";
import type { Allocation, TurnSession } from "./turn-session.js";
import { openUdpTransport, type UdpTransport } from "./udp-transport.js";

/** Where relays are tested: only in public networks, or everywhere. */
export type RelayTest = "in-public" | "everywhere";

export interface RelayProofOptions {
  /** The server of the session. */
  readonly server: TransportAddress;
  readonly session: TurnSession;
  /** The allocation of the session. */
  readonly allocation: Allocation;
  /** Of the session. */
  readonly context: TransactionContext;
  readonly test: RelayTest;
  /** The time limit for all of it. */
  readonly waitMs: number;
}

/**
 * Finds out whether others can use a relay. A second socket, which knows nothing of the server, sends a
 * packet to the relayed address and gets one back through the relay.
 *
 * @returns why this failed: `relay-unreachable`, `peer-denied`, or `relay-not-tested`; undefined when
 *   packets have crossed the relay in both directions
 * @throws ProbeError when the session's transport ends; the reason of the session's signal, unless its
 *   time is up
 */
export async function proveRelay(options: RelayProofOptions): Promise<ProbeFailure | undefined> {
  const { allocation, context, test, waitMs } = options;
  const { relayed, mapped } = allocation;
  if (mapped === undefined) {
    return notTested("the server does not say from which address it sees this machine");
  }
  if (mapped.family !== relayed.family) {
    const detail = `the relay ${printTransportAddress(relayed)} is of another family than`;
    return notTested(`${detail} this machine's address ${mapped.address}`);
  }
  if (test === "in-public" && isSpecialPurpose(mapped)) {
    return notTested(`the server sees this machine at ${mapped.address}, which is not public`);
  }
  let outside: UdpTransport | undefined;
  try {
    return await runWithin(waitMs, context.signal, async (signal) => {
      outside = await openUdpTransport(relayed, signal);
      return proveFrom(outside, mapped, options, signal);
    });
  } catch (error) {
    if (outside === undefined && error instanceof ProbeError) {
      return unreachable(`this machine cannot send to ${printTransportAddress(relayed)}`);
    }
    if (isTimeOut(error)) {
      return unreachable("the server does not answer the CreatePermission request");
    }
    throw error;
  } finally {
    outside?.close();
  }
}

/** @param mapped our address as the server sees it */
async function proveFrom(
  outside: UdpTransport,
  mapped: TransportAddress,
  { server, session, allocation, context }: RelayProofOptions,
  signal: AbortSignal,
): Promise<ProbeFailure | undefined> {
  const peers = listPeers(mapped, outside.local, server);
  if (peers.length === 0) {
    return notTested(`the server sees a proxy at ${mapped.address} in place of this machine`);
  }
  const refusal = await permit(session, peers, signal);
  return refusal ?? (await tellCrossing(context, allocation, outside, signal));
}

/**
 * The addresses that packets from outside may come from. Usually, this is the mapped address. A server
 * behind a TCP proxy reports the proxy's address; then it is the outside socket's own address, unless
 * that is behind NAT.
 *
 * @returns none if our public address is unknown
 */
function listPeers(
  mapped: TransportAddress,
  local: TransportAddress,
  server: TransportAddress,
): readonly TransportAddress[] {
  if (local.address === mapped.address) {
    return [mapped];
  }
  const isLocalPublic = !isSpecialPurpose(local);
  const isMappedPublic = !isSpecialPurpose(mapped);
  const isOfProxy = mapped.address === server.address || !isMappedPublic;
  if (isOfProxy && !isSpecialPurpose(server)) {
    return isLocalPublic ? [local] : [];
  }
  return isMappedPublic && !isLocalPublic ? [mapped] : [mapped, local];
}

/** @returns the failure when none of the addresses is permitted */
async function permit(
  session: TurnSession,
  peers: readonly TransportAddress[],
  signal: AbortSignal,
): Promise<ProbeFailure | undefined> {
  const refusals: ProbeFailure[] = [];
  for (const peer of peers) {
    const answer = await session.permit(peer, signal);
    if (!answer.accepted) {
      refusals.push(toPeerDenied(peer, answer.error));
    }
  }
  return refusals.length === peers.length ? refusals[0] : undefined;
}

function toPeerDenied({ address }: TransportAddress, error: StunErrorCode | undefined) {
  const said = error === undefined ? "an error without a code" : printErrorCode(error);
  return {
    cause: "peer-denied",
    detail: `the server answers ${said} to a permission for ${address}`,
    ...(error && { errorCode: error.code }),
  } satisfies ProbeFailure;
}

/** Sends the packets, and returns what became of them. */
async function tellCrossing(
  context: TransactionContext,
  { relayed, mapped }: Allocation,
  outside: UdpTransport,
  signal: AbortSignal,
): Promise<ProbeFailure | undefined> {
  const { crossed, problem } = await exchangePackets(context, outside, signal);
  const relay = printTransportAddress(relayed);
  switch (crossed) {
    case "both-ways":
      return undefined;
    case "inward":
      return unreachable(`the relay ${relay} receives packets, but what it sends does not arrive`);
    case "none": {
      const why = problem === undefined ? "" : ` (${problem})`;
      return unreachable(
        `no packet from ${mapped?.address} comes through the relay ${relay}${why}`,
      );
    }
  }
}

function unreachable(detail: string): ProbeFailure {
  return { cause: "relay-unreachable", detail };
}

function notTested(detail: string): ProbeFailure {
  return { cause: "relay-not-tested", detail };
}
