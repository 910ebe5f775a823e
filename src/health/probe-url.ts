import type { Clock } from "../clock.js";
import { judgeQuota } from "../probe/full-server.js";
import { probe as probeOnNetwork } from "../probe/probe.js";
import { type ProbeOutcome, pickBest, type RelayJudgment, toOutcome } from "./probe-outcome.js";
import type { ProbeTarget } from "./probe-target.js";

export interface ProbeUrlOptions extends RelayJudgment {
  /** For resolving the name and a try at each of its addresses, together. */
  readonly timeoutMs: number;
  /** Ends the probe, which rejects with its reason then. */
  readonly signal: AbortSignal;
}

export type ProbeUrl = (target: ProbeTarget, options: ProbeUrlOptions) => Promise<ProbeOutcome>;

/** Where holders have names of their own: neither the quota of callers is used up by probes, nor theirs. */
const probeName = "ice-service-probe";
/** Long enough for clocks that differ as clocks do. */
const longestTtlSeconds = 600;

/**
 * Probes a URL at all addresses of its host, as a caller would use it.
 * @param now milliseconds of a clock that never jumps
 * @param randomBytes for fresh names
 * @param probe what to probe with
 */
export function createProbeUrl(
  clock: Clock,
  now: () => number,
  randomBytes: (size: number) => Buffer,
  probe = probeOnNetwork,
): ProbeUrl {
  return async ({ url, account, ttlSeconds }, options) => {
    const startedAtMs = now();
    const lifeSeconds = Math.min(ttlSeconds, longestTtlSeconds);
    const relayTest = options.relay === "off" ? undefined : "in-public";
    const tryName = async (name: string) => {
      const expiresAtSeconds = Math.floor(clock() / 1000) + lifeSeconds;
      const credential = account && (await account.issue(name, expiresAtSeconds, url));
      const timeoutMs = Math.max(1, options.timeoutMs - (now() - startedAtMs));
      const results = await probe(url, credential, { ...options, timeoutMs, relayTest });
      return pickBest(results, options);
    };
    const best = await tryName(account?.sharedName ?? probeName);
    if (best.failure === undefined) {
      return toOutcome(best, options);
    }
    let relayProven: true | undefined;
    const tryFreshName = async () => {
      const again = await tryName(`${probeName}-${randomBytes(3).toString("hex")}`);
      relayProven = again.relayProven;
      const isFine = again.failure?.cause !== "quota" && toOutcome(again, options).works;
      return isFine ? undefined : again.failure;
    };
    const retry = account?.sharedName === undefined ? tryFreshName : undefined;
    const failure = await judgeQuota(best.failure, retry);
    return toOutcome({ ...best, failure, ...(relayProven && { relayProven }) }, options);
  };
}
