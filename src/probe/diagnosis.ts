import type { Clock } from "../clock.js";
import type { TurnCredential } from "../turn/provider.js";
import {
  type ClockSkew,
  type CredentialVerdict,
  findClockSkew,
  printClockSkew,
} from "./clock-skew.js";
import { judgeQuota } from "./full-server.js";
import { type ProbeOptions, type ProbeResult, probeAddress } from "./probe.js";
import type { ProbeCause, ProbeFailure } from "./probe-failure.js";
import type { ServerAddress } from "./server-address.js";

export interface Signer {
  /** Makes a credential that expires at this Unix time in seconds. */
  readonly issue: (expiresAtSeconds: number) => TurnCredential | Promise<TurnCredential>;
  /** The same, under a name that nobody has used; absent where all holders share their name. */
  readonly issueFresh?: Signer["issue"] | undefined;
  /** Whether they do; else nothing can be said of the server's clock. */
  readonly canChooseExpiry: boolean;
  /** How long the credentials live that clients get. */
  readonly ttlSeconds: number;
  readonly clock: Clock;
}

export interface Diagnosis extends ProbeResult {
  /** Present when the clocks differ: a failure, even beside another one. */
  readonly clockSkew?: ClockSkew;
}

/** What a server says only to those whose credential it has accepted. */
const saidAfterAcceptance: readonly ProbeCause[] = [
  "quota",
  "full",
  "no-capacity",
  "forbidden",
  "address-family",
  "unsupported-transport",
];

/**
 * Probes an address as clients would use it, then with other expiries, to tell a wrong clock from a
 * wrong secret. Where the relay works although the clocks differ, the difference is the failure:
 * credentials end earlier or later than they say. Where something else is wrong, too, both are told.
 */
export async function diagnose(
  server: ServerAddress,
  signer: Signer | undefined,
  options: ProbeOptions,
): Promise<Diagnosis> {
  if (signer === undefined) {
    return probeAddress(server, undefined, options);
  }
  const { issue, issueFresh, ttlSeconds, clock } = signer;
  const tryExpiry = async (offsetSeconds: number, tried: ProbeOptions, sign = issue) =>
    probeAddress(server, await sign(Math.floor(clock() / 1000) + offsetSeconds), tried);
  const tryFreshName =
    issueFresh && (async () => (await tryExpiry(ttlSeconds, options, issueFresh)).failure);
  const first = await tryExpiry(ttlSeconds, options);
  const failure = first.failure && (await judgeQuota(first.failure, tryFreshName));
  const result = { ...first, ...(failure && { failure }) };
  if (!signer.canChooseExpiry) {
    return result;
  }
  const untested = { ...options, relayTest: undefined };
  const clockSkew = await findClockSkew(
    // Whether packets cross a relay does not depend on the expiry.
    async (offsetSeconds) => judge(await tryExpiry(offsetSeconds, untested)),
    judge(result),
    ttlSeconds,
  );
  if (clockSkew === undefined) {
    return result;
  }
  return { ...result, clockSkew, failure: addClockSkew(failure, clockSkew) };
}

/** A wrong clock is all that is wrong, or it is told beside what else is. */
function addClockSkew(failure: ProbeFailure | undefined, clockSkew: ClockSkew): ProbeFailure {
  const clocks = `the server's clock is ${printClockSkew(clockSkew)}`;
  if (failure === undefined || failure.cause === "wrong-secret") {
    return { cause: "clock-skew", detail: clocks };
  }
  switch (failure.cause) {
    // Warnings by themselves.
    case "quota":
    case "relay-not-tested":
      return { cause: "clock-skew", detail: `${clocks}; also, ${failure.detail}` };
    default:
      return { ...failure, detail: `${failure.detail}; also, ${clocks}` };
  }
}

function judge({ relayedTransportAddress, failure }: ProbeResult): CredentialVerdict {
  if (
    failure === undefined ||
    relayedTransportAddress !== undefined ||
    saidAfterAcceptance.includes(failure.cause)
  ) {
    return "accepted";
  }
  return failure.cause === "wrong-secret" ? "refused" : "unknown";
}
