import type { Interceptor, StreamRequest, UnaryRequest } from "@connectrpc/connect";
import { partitionByCaller } from "../../limits/partition.js";
import type { Quota, QuotaPolicy, QuotaStanding } from "../../limits/quota.js";
import { QuotaExceededError } from "../../limits/quota-exceeded-error.js";
import { callRecordKey, timeStep } from "../call-record.js";
import { UnaryCall } from "../unary/unary-call.js";

/** Lets each caller make as many calls as its quota holds; a call without caller is not counted. */
export function createLimitCaller(quota: Quota): Interceptor {
  const policy = printPolicy(quota.policy);
  return (next) => (request) => {
    const record = request.contextValues.get(callRecordKey);
    const { caller } = record;
    if (caller === undefined) {
      return next(request);
    }
    const goOn = (standing: QuotaStanding) => {
      announce(request, quota.policy, policy, standing);
      if (standing.isExceeded) {
        throw new QuotaExceededError(quota.policy.name, standing.resetsInSeconds);
      }
      return next(request);
    };
    const taken = quota.take(partitionByCaller(caller));
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
  request: UnaryRequest | StreamRequest,
  { name }: QuotaPolicy,
  policy: string,
  { remaining, resetsInSeconds }: QuotaStanding,
): void {
  if (
    request instanceof UnaryCall &&
    (request.protocolName === "rest" || request.protocolName === "connect")
  ) {
    request.setPlainHeaders({
      "ratelimit-policy": policy,
      ratelimit: `"${name}";r=${remaining};t=${resetsInSeconds}`,
    });
  }
}
