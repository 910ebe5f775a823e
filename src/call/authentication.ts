import { type ContextValues, createContextKey } from "@connectrpc/connect";
import type { Caller } from "../authentication/caller.js";
import type { CancellableWait } from "../authentication/cancellable-wait.js";
import {
  TokenRejectedError,
  VerificationUnavailableError,
} from "../authentication/token-rejected-error.js";
import { type TokenVerifier, UnknownToken } from "../authentication/token-verifier.js";
import { limitVerification } from "../limits/limited-verification.js";
import type { VerificationPermits } from "../limits/verification-permits.js";
import type { AuthenticationCounts } from "../observability/authentication-counts.js";
import { type CallRecord, callRecordKey, timeStep } from "./call-record.js";
import {
  findToken,
  type PresentedToken,
  restTokenParameters,
  type TokenParameters,
} from "./presented-token.js";
import { refuseToken } from "./translate-error.js";

export interface AuthenticationOptions {
  readonly verifier: TokenVerifier;
  readonly counts: AuthenticationCounts;
  /** For unknown tokens of each client address; no limit if undefined. */
  readonly failedAuthentication: VerificationPermits | undefined;
  /** By default those of REST. */
  readonly tokenParameters?: TokenParameters;
}

/**
 * Admits a call with exactly one valid token, and records its caller. Returns the token, without a
 * promise if it is known, as nearly every token is.
 *
 * @param authorization the Authorization header; several are joined with a comma
 * @param rawQuery the query as sent, without `?`; empty if a token is not accepted there
 * @param wait its signal ends a wait for the issuer's keys; read only if there is one
 * @throws ConnectError Unauthenticated without a token, InvalidArgument with more than one
 * @throws TokenRejectedError, VerificationUnavailableError, QuotaExceededError (or rejects with them)
 */
export type Authenticate = (
  authorization: string | null,
  rawQuery: string,
  record: CallRecord,
  wait: CancellableWait,
) => string | Promise<string>;

/** Rejected like any other token, and counted by the same limit. */
const malformedToken = new UnknownToken("", undefined, "malformed");

export function createAuthentication({
  verifier,
  counts,
  failedAuthentication,
  tokenParameters = restTokenParameters,
}: AuthenticationOptions): Authenticate {
  const verifyUnknown = limitVerification(verifier, failedAuthentication);

  function accept(
    { token = "", place }: PresentedToken,
    caller: Caller,
    record: CallRecord,
  ): string {
    counts.accept(caller.kind, place);
    record.caller = caller;
    return token;
  }

  function countAndThrow(error: unknown): never {
    if (error instanceof TokenRejectedError || error instanceof VerificationUnavailableError) {
      counts.fail(error.reason);
    }
    throw error;
  }

  return (authorization, rawQuery, record, wait) => {
    try {
      const presented = findToken(authorization, rawQuery, tokenParameters);
      if (presented === undefined) {
        // No limit counts this failure: it costs no work, and lost clients cause it.
        record.cause = "no_token";
        counts.fail("no_token");
        throw refuseToken();
      }
      const known =
        presented.token === undefined ? malformedToken : verifier.recognize(presented.token);
      if (!(known instanceof UnknownToken)) {
        // Known tokens are not limited, because others behind the same address may have failed.
        return accept(presented, known, record);
      }
      const verified = verifyUnknown(known, record.clientAddress, wait);
      return timeStep("verify token", verified, record).then(
        (caller) => accept(presented, caller, record),
        countAndThrow,
      );
    } catch (error) {
      return countAndThrow(error);
    }
  };
}

/** The token of a stream, for those who verify it again while the stream lasts. */
export const streamTokenKey = createContextKey("", { description: "token of a stream" });

/**
 * The authenticated caller.
 *
 * @throws Error when the call was not authenticated, which is a bug and never let through
 */
export function requireCaller(values: ContextValues): Caller {
  const { caller } = values.get(callRecordKey);
  if (caller === undefined) {
    throw new Error("a method that needs a caller was reached without authentication");
  }
  return caller;
}
