import type { Caller } from "../authentication/caller.js";
import type { CancellableWait } from "../authentication/cancellable-wait.js";
import { TokenRejectedError } from "../authentication/token-rejected-error.js";
import { type TokenVerifier, UnknownToken } from "../authentication/token-verifier.js";
import { partitionByAddress } from "./address-partition.js";
import { QuotaExceededError } from "./quota-exceeded-error.js";
import {
  type Permit,
  retryAfterSeconds,
  type VerificationPermits,
} from "./verification-permits.js";

/** How many unknown tokens are under verification at a time: while an issuer's keys load, all of its. */
export const maxUnderVerification = 5_000;

type Verifier = Pick<TokenVerifier, "recognize" | "verifyUnknown">;

/**
 * As {@link TokenVerifier.verifyUnknown}, for a client at this address.
 * @throws QuotaExceededError (or rejects with it) when too many tokens from there were rejected, or
 *   are under verification: this one is not looked at
 */
export type LimitedVerify = (
  token: UnknownToken,
  clientAddress: string | undefined,
  wait: CancellableWait,
) => Promise<Caller>;

/** @param permits undefined: no limit for an address */
export function limitVerification(
  unbounded: TokenVerifier,
  permits: VerificationPermits | undefined,
): LimitedVerify {
  const verifier = boundVerifications(unbounded);
  if (permits === undefined) {
    return (token, _, wait) => verifier.verifyUnknown(token, wait);
  }
  return (token, clientAddress, wait) => {
    const taken = permits.take(partitionByAddress(clientAddress), wait);
    return taken instanceof Promise
      ? taken.then((permit) => recognizeOrVerify(verifier, token, permit))
      : verify(verifier, token, taken);
  };
}

function boundVerifications(verifier: TokenVerifier): Verifier {
  let count = 0;
  const end = () => {
    count -= 1;
  };
  return {
    recognize: (token) => verifier.recognize(token),
    verifyUnknown(token, wait) {
      if (count >= maxUnderVerification) {
        throw new QuotaExceededError("pendingAuthentication", retryAfterSeconds);
      }
      const verified = verifier.verifyUnknown(token, wait);
      count += 1;
      verified.then(end, end);
      return verified;
    },
  };
}

/** While it waited, another call with the same token may have had it verified. */
function recognizeOrVerify(
  verifier: Verifier,
  token: UnknownToken,
  permit: Permit,
): Caller | Promise<Caller> {
  const known = token.flaw === undefined ? verifier.recognize(token.token) : token;
  if (known instanceof UnknownToken) {
    return verify(verifier, token, permit);
  }
  permit.release();
  return known;
}

function verify(verifier: Verifier, token: UnknownToken, permit: Permit): Promise<Caller> {
  const fail = (error: unknown): never => {
    if (error instanceof TokenRejectedError && error.isProven) {
      permit.spend();
    } else {
      permit.release();
    }
    throw error;
  };
  try {
    return verifier.verifyUnknown(token, permit).then((caller) => {
      permit.release();
      return caller;
    }, fail);
  } catch (error) {
    return fail(error);
  }
}
