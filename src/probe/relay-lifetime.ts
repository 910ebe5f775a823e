import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../clock.js";
import type { TurnCredential } from "../turn/provider.js";
import { openTransport } from "./open-transport.js";
import { exchangePackets } from "./packet-exchange.js";
import { type ProbeOptions, probeAddress } from "./probe.js";
import { ProbeError } from "./probe-failure.js";
import { proveRelay } from "./relay-proof.js";
import type { ServerAddress } from "./server-address.js";
import { printErrorCode } from "./server-error.js";
import { runWithin } from "./time-limit.js";
import type { TransactionContext } from "./transaction.js";
import { followAlternates } from "./try-alternate.js";
import { type Allocation, type RequestAnswer, TurnSession } from "./turn-session.js";
import { openUdpTransport } from "./udp-transport.js";

/**
 * What becomes of an open relay when its credential expires. `outlives`: it stays for as long as the
 * client refreshes it. `ends-unrefreshed`: it cannot be refreshed any more, and ends some minutes later.
 * `ends`: it stops at once. `unknown`: this could not be found out.
 */
export type LifetimeVerdict = "outlives" | "ends-unrefreshed" | "ends" | "unknown";

export interface RelayLifetime {
  readonly verdict: LifetimeVerdict;
  /** What was seen, for people. */
  readonly detail: string;
}

export interface LifetimeOptions extends ProbeOptions {
  /** Makes a credential that expires at this Unix time in seconds. */
  readonly issue: (expiresAtSeconds: number) => TurnCredential | Promise<TurnCredential>;
  readonly clock: Clock;
}

/** Long enough for a slow allocation, and for clocks that differ a little. */
const lifeSeconds = 10;
const marginSeconds = 2;

/**
 * Opens a relay with a credential of ten seconds, waits until that has expired, and looks what the relay
 * can still do. Takes some 12 seconds.
 *
 * @throws the reason of the signal
 */
export async function measureLifetime(
  server: ServerAddress,
  options: LifetimeOptions,
): Promise<RelayLifetime> {
  const { issue, clock, signal, timeoutMs } = options;
  const expiresAtSeconds = Math.floor(clock() / 1000) + lifeSeconds;
  const credential = await issue(expiresAtSeconds);
  // Each step is bounded by its own transaction, all of them together by this.
  const timeUp = AbortSignal.timeout((lifeSeconds + marginSeconds) * 1000 + 6 * timeoutMs);
  const bounded = signal === undefined ? timeUp : AbortSignal.any([signal, timeUp]);
  const waitForExpiry = async () => {
    const leftMs = (expiresAtSeconds + marginSeconds) * 1000 - clock();
    await sleep(Math.max(0, leftMs), undefined, { signal: bounded });
  };
  try {
    return await followAlternates(
      server,
      (visited) => observe(visited, credential, { ...options, signal: bounded }, waitForExpiry),
      () => {},
    );
  } catch (error) {
    signal?.throwIfAborted();
    const detail = error instanceof Error ? error.message : String(error);
    return { verdict: "unknown", detail };
  }
}

interface BoundedOptions extends LifetimeOptions {
  readonly signal: AbortSignal;
}

async function observe(
  server: ServerAddress,
  credential: TurnCredential,
  options: BoundedOptions,
  waitForExpiry: () => Promise<void>,
): Promise<RelayLifetime> {
  const { signal, extraCa, now, randomBytes, timeoutMs } = options;
  const transport = await openTransport(server, { signal, extraCa });
  const context = { transport, signal, now, randomBytes };
  const session = new TurnSession(context, credential);
  try {
    await session.challenge();
    const allocation = await session.allocate();
    const waitMs = timeoutMs / 2;
    const test = "everywhere";
    const notProven = await proveRelay({ server, session, allocation, context, test, waitMs });
    await waitForExpiry();
    const afresh = await probeAddress(server, credential, { ...options, relayTest: undefined });
    if (afresh.relayedTransportAddress !== undefined) {
      const detail = "a new relay is given for a credential that has expired: compare the clocks";
      return { verdict: "unknown", detail };
    }
    const crosses = notProven === undefined && (await crossesStill(context, allocation, waitMs));
    const refreshed = await ask(() => session.refresh());
    const peer = allocation.mapped ?? allocation.relayed;
    const permitted = await ask(() => session.permit(peer, signal));
    const traffic = crosses ? "packets still cross" : "packets no longer cross";
    // The server may have refused this peer all along.
    const isAccepted = refreshed.accepted && (permitted.accepted || notProven !== undefined);
    return {
      verdict: judge(crosses || notProven !== undefined, isAccepted),
      detail: [
        notProven === undefined ? traffic : "packets never crossed",
        `Refresh is ${refreshed.said}`,
        `CreatePermission is ${permitted.said}`,
      ].join(", "),
    };
  } finally {
    session.abandon();
    transport.close();
  }
}

function judge(isOpen: boolean, isAccepted: boolean): LifetimeVerdict {
  if (!isOpen) {
    return "ends";
  }
  return isAccepted ? "outlives" : "ends-unrefreshed";
}

/** Whether packets go both ways through a relay that has permitted this machine before. */
async function crossesStill(
  context: TransactionContext,
  { relayed }: Allocation,
  waitMs: number,
): Promise<boolean> {
  try {
    return await runWithin(waitMs, context.signal, async (signal) => {
      const outside = await openUdpTransport(relayed, signal);
      try {
        return (await exchangePackets(context, outside, signal)).crossed === "both-ways";
      } finally {
        outside.close();
      }
    });
  } catch (error) {
    // The server has closed its connection, or the relayed address.
    if (error instanceof ProbeError) {
      return false;
    }
    throw error;
  }
}

/** What becomes of a request, which the server may also leave without an answer. */
async function ask(
  request: () => Promise<RequestAnswer>,
): Promise<{ readonly accepted: boolean; readonly said: string }> {
  try {
    const answer = await request();
    if (answer.accepted) {
      return { accepted: true, said: "accepted" };
    }
    const code = answer.error === undefined ? "" : ` with ${printErrorCode(answer.error)}`;
    return { accepted: false, said: `refused${code}` };
  } catch (error) {
    if (error instanceof ProbeError) {
      return { accepted: false, said: `not answered: ${error.failure.detail}` };
    }
    throw error;
  }
}
