import type { ProbeResult } from "../probe/probe.js";
import type { ProbeCause, ProbeFailure } from "../probe/probe-failure.js";
import type { RelayPolicy } from "./probe-config.js";

/** What a probe says of a URL as a whole. */
export interface ProbeOutcome {
  /** Whether callers can use it. */
  readonly works: boolean;
  /** What is wrong nevertheless, or why it does not work. */
  readonly failure?: ProbeFailure;
  /** Of the first request that was answered. */
  readonly roundTripMs?: number;
  /** Packets from outside have crossed its relay, in both directions. */
  readonly relayProven?: true;
}

/** How failures of a relay count that the server has given out. */
export interface RelayJudgment {
  readonly relay: RelayPolicy;
  /** Whether this process has seen packets cross a relay of the URL before. */
  readonly provenBefore: boolean;
}

/**
 * The result that counts for the URL: clients try all addresses of a host.
 * @param results at least one
 */
export function pickBest(results: readonly ProbeResult[], judgment: RelayJudgment): ProbeResult {
  const isUsable = ({ failure }: ProbeResult) =>
    failure === undefined || isTolerated(failure.cause, judgment);
  const best =
    results.find(({ failure }) => failure === undefined) ??
    // A quota may turn out to be that of everybody.
    results.find((result) => isUsable(result) && result.failure?.cause !== "quota") ??
    results.find(isUsable) ??
    results[0];
  if (best === undefined) {
    throw new TypeError("a probe has no result");
  }
  return best;
}

/** What the result of an address says of the URL. */
export function toOutcome(
  { failure, roundTripMs, relayProven }: ProbeResult,
  judgment: RelayJudgment,
): ProbeOutcome {
  return {
    works: failure === undefined || isTolerated(failure.cause, judgment),
    ...(failure && { failure }),
    ...(roundTripMs !== undefined && { roundTripMs }),
    ...(relayProven && { relayProven }),
  };
}

/**
 * A server whose user quota is reached has taken the probe's credential, and other users have quotas of
 * their own: it works. That no packet crosses a relay may be due to where the probe runs: without
 * `require`, it counts only against a URL that was proven before.
 */
function isTolerated(cause: ProbeCause, { relay, provenBefore }: RelayJudgment): boolean {
  switch (cause) {
    case "quota":
      return true;
    case "relay-not-tested":
      return relay !== "require";
    case "relay-unreachable":
    case "peer-denied":
      return relay !== "require" && !provenBefore;
    default:
      return false;
  }
}
