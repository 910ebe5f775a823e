import type { Caller } from "../authentication/caller.js";
import type { CancellableWait } from "../authentication/key-source.js";
import {
  TokenRejectedError,
  type TokenRejectedReason,
} from "../authentication/token-rejected-error.js";
import type { TokenVerifier, UnknownToken } from "../authentication/token-verifier.js";
import { partitionByAddress } from "./partition.js";
import type { Quota } from "./quota.js";
import { QuotaExceededError } from "./quota-exceeded-error.js";

/** Refusals that say nothing against the client. */
const innocentReasons: ReadonlySet<TokenRejectedReason> = new Set([
  "keys_unavailable",
  "cancelled",
]);

/**
 * As {@link TokenVerifier.verifyUnknown}, for a client at this address.
 * @throws QuotaExceededError when too many tokens from there were refused: this one is not looked at
 */
export type LimitedVerify = (
  token: UnknownToken,
  clientAddress: string | undefined,
  wait: CancellableWait,
) => Promise<Caller>;

/** @param quota of refused tokens for each client address; undefined: no limit */
export function limitVerification(
  verifier: TokenVerifier,
  quota: Quota | undefined,
): LimitedVerify {
  if (quota === undefined) {
    return (token, _, wait) => verifier.verifyUnknown(token, wait);
  }
  return (token, clientAddress, wait) => {
    const partition = partitionByAddress(clientAddress);
    const { isExceeded, resetsInSeconds } = quota.peek(partition);
    if (isExceeded) {
      throw new QuotaExceededError(quota.policy.name, resetsInSeconds);
    }
    const fail = (error: unknown): never => {
      if (error instanceof TokenRejectedError && !innocentReasons.has(error.reason)) {
        // A shared counter need not be waited for.
        void quota.take(partition);
      }
      throw error;
    };
    try {
      return verifier.verifyUnknown(token, wait).catch(fail);
    } catch (error) {
      return fail(error);
    }
  };
}
