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
import type { ProbeCause } from "./probe-failure.js";
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
  /** Present when it is the failure. */
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
 * credentials end earlier or later than they say.
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
  const detail = `the server's clock is ${printClockSkew(clockSkew)}`;
  return { ...result, clockSkew, failure: { cause: "clock-skew", detail } };
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
