import { findCallerKey } from "../authentication/caller-key.js";
import type { Quota, QuotaPolicy, QuotaStanding } from "../limits/quota.js";
import { QuotaExceededError } from "../limits/quota-exceeded-error.js";
import type { Call } from "./call.js";
import { timeStep } from "./call-record.js";
import type { Stage } from "./pipeline.js";

/**
 * Lets each caller make as many calls as its quota holds; a call without caller is not counted.
 * Throws QuotaExceededError.
 */
export function createLimitCallerStage(quota: Quota): Stage {
  const policy = printPolicy(quota.policy);
  return (call) => {
    const { record } = call;
    if (record.caller === undefined) {
      return undefined;
    }
    const goOn = (standing: QuotaStanding): undefined => {
      announce(call, quota.policy, policy, standing);
      if (standing.isExceeded) {
        throw new QuotaExceededError(quota.policy.name, standing.resetsInSeconds);
      }
    };
    const taken = quota.take(findCallerKey(record.caller));
    return taken instanceof Promise
      ? timeStep("count call", taken, record).then(goOn)
      : goOn(taken);
  };
}

/** The value of RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10 section 3). */
function printPolicy({ name, requests, windowSeconds }: QuotaPolicy): string {
  return `"${name}";q=${requests};w=${windowSeconds}`;
}

/**
 * Tells how the caller stands (section 4 of the same), where the answer goes as plain HTTP: clients
 * of gRPC look at the status, and the fields must not become trailers.
 */
function announce(
  call: Call,
  { name }: QuotaPolicy,
  policy: string,
  { remaining, resetsInSeconds }: QuotaStanding,
): void {
  const { codec, reply } = call;
  if (!reply.isStream && (codec.protocol === "rest" || codec.protocol === "connect")) {
    reply.answerHeaders["ratelimit-policy"] = policy;
    reply.answerHeaders["ratelimit"] = `"${name}";r=${remaining};t=${resetsInSeconds}`;
  }
}
