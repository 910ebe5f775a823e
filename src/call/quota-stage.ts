import type { HttpHeaders } from "../http/http-message.js";
import type { Quota, QuotaPolicy, QuotaStanding } from "../limits/quota.js";
import { QuotaExceededError } from "../limits/quota-exceeded-error.js";
import type { Call } from "./call.js";
import { timeStep } from "./call-record.js";
import type { Stage } from "./pipeline.js";

/**
 * Lets calls through as long as the quota of their partition lasts, such as of their caller. Throws
 * QuotaExceededError.
 * @param findPartition undefined for calls that are not counted
 */
export function createQuotaStage(
  quota: Quota,
  findPartition: (call: Call) => string | undefined,
): Stage {
  const policy = printPolicy(quota.policy);
  return (call) => {
    const partition = findPartition(call);
    if (partition === undefined) {
      return undefined;
    }
    const goOn = (standing: QuotaStanding): undefined => {
      announce(call, quota.policy, policy, standing);
      if (standing.isExceeded) {
        throw new QuotaExceededError(quota.policy.name, standing.resetsInSeconds);
      }
    };
    const taken = quota.take(partition);
    return taken instanceof Promise
      ? timeStep("count call", taken, call.record).then(goOn)
      : goOn(taken);
  };
}

/** The value of RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10 section 3). */
function printPolicy({ name, requests, windowSeconds }: QuotaPolicy): string {
  return `"${name}";q=${requests};w=${windowSeconds}`;
}

/**
 * States how much of the quota is left (section 4 of the same), where the answer goes as plain HTTP: clients
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
    appendItem(reply.answerHeaders, "ratelimit-policy", policy);
    appendItem(reply.answerHeaders, "ratelimit", `"${name}";r=${remaining};t=${resetsInSeconds}`);
  }
}

/** Both fields are lists, with an item for each quota (RFC 9651 section 3.1). */
function appendItem(headers: HttpHeaders, name: string, item: string): void {
  const earlier = headers[name];
  headers[name] = earlier === undefined ? item : `${earlier}, ${item}`;
}
