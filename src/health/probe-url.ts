import type { Clock } from "../clock.js";
import { probe } from "../probe/probe.js";
import { judgeResults, type ProbeOutcome, type RelayJudgment } from "./probe-outcome.js";
import type { ProbeTarget } from "./probe-target.js";

export interface ProbeUrlOptions extends RelayJudgment {
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
    const relayTest = options.relay === "off" ? undefined : "in-public";
    return judgeResults(await probe(url, credential, { ...options, relayTest }), options);
  };
}
