import type { Clock } from "../clock.js";
import { type ProbeResult, probe } from "../probe/probe.js";
import type { ProbeFailure } from "../probe/probe-failure.js";
import type { ProbeTarget } from "./probe-target.js";

/** What a probe says of a URL as a whole. */
export interface ProbeOutcome {
  /** Whether callers can use it. */
  readonly works: boolean;
  /** What is wrong nevertheless, or why it does not work. */
  readonly failure?: ProbeFailure;
  /** Of the first request that was answered. */
  readonly roundTripMs?: number;
}

export interface ProbeUrlOptions {
  /** For resolving the name and a try at each of its addresses, together. */
  readonly timeoutMs: number;
  /** Ends the probe, which rejects with its reason then. */
  readonly signal: AbortSignal;
}

export type ProbeUrl = (target: ProbeTarget, options: ProbeUrlOptions) => Promise<ProbeOutcome>;

/** Its own, so that neither the quota of callers is used up by probes, nor that of probes by callers. */
const probeName = "ice-service-probe";
/** Long enough for clocks that differ as clocks do. */
const longestTtlSeconds = 600;

/** Probes a URL at all addresses of its host, as a caller would use it. */
export function createProbeUrl(clock: Clock): ProbeUrl {
  return async ({ url, account, ttlSeconds }, options) => {
    const lifeSeconds = Math.min(ttlSeconds, longestTtlSeconds);
    const expiresAtSeconds = Math.floor(clock() / 1000) + lifeSeconds;
    const credential = account && (await account.issue(probeName, expiresAtSeconds));
    return judgeResults(await probe(url, credential, options));
  };
}

/**
 * A URL works where one of its addresses does: clients try them all. One whose user quota is reached
 * (486) has taken the probe's credential, and other users have quotas of their own: it works. One
 * without room for anybody (508) does not.
 */
export function judgeResults(results: readonly ProbeResult[]): ProbeOutcome {
  const best =
    results.find(({ failure }) => failure === undefined) ??
    results.find(({ failure }) => failure?.cause === "quota") ??
    results[0];
  if (best === undefined) {
    throw new TypeError("a probe has no result");
  }
  const { failure, roundTripMs } = best;
  return {
    works: failure === undefined || failure.cause === "quota",
    ...(failure && { failure }),
    ...(roundTripMs !== undefined && { roundTripMs }),
  };
}
