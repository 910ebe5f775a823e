import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  TokenRejectedError,
  VerificationUnavailableError,
} from "../authentication/token-rejected-error.js";
import { UsersRightMissingError } from "../authentication/users-right.js";
import { CallRejectedError, InvalidFieldError } from "../errors.js";
import { BadRequestSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.js";
import { QuotaExceededError } from "../limits/quota-exceeded-error.js";
import { CallerExpiredError } from "../turn/credential-life.js";
import { WatchLimitError } from "../watch/ice-server-watches.js";
import { StalledClientError } from "./call-end.js";
import type { CallRecord } from "./call-record.js";

/**
 * Turns what the domain throws into the one closed set of codes, so that every protocol answers
 * alike. The cause of a refused token and of an unforeseen error goes on record for the log, never to
 * the caller.
 */
export function translateError(error: unknown, record: CallRecord): ConnectError {
  const translated = toConnectError(error);
  if (translated !== error) {
    record.cause = error instanceof CallRejectedError ? error.reason : error;
    if (error instanceof TokenRejectedError) {
      record.detail = error.detail;
    }
  }
  return translated;
}

function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) {
    return error;
  }
  if (error instanceof InvalidFieldError) {
    return new ConnectError(error.message, Code.InvalidArgument, undefined, [
      {
        desc: BadRequestSchema,
        value: { fieldViolations: [{ field: error.field, description: error.problem }] },
      },
    ]);
  }
  if (error instanceof WatchLimitError) {
    return new ConnectError(error.message, Code.ResourceExhausted);
  }
  if (error instanceof StalledClientError) {
    return new ConnectError(error.message, Code.Canceled);
  }
  if (error instanceof TokenRejectedError || error instanceof CallerExpiredError) {
    return refuseToken("invalid_token");
  }
  if (error instanceof UsersRightMissingError) {
    return refuseForScope(error);
  }
  if (error instanceof VerificationUnavailableError) {
    return new ConnectError(error.message, Code.Unavailable);
  }
  if (error instanceof QuotaExceededError) {
    const { message, retryAfterSeconds } = error;
    const headers = { "Retry-After": String(retryAfterSeconds) };
    return new ConnectError(message, Code.ResourceExhausted, headers, [
      { desc: RetryInfoSchema, value: { retryDelay: durationFromMs(retryAfterSeconds * 1000) } },
    ]);
  }
  return new ConnectError("internal error", Code.Internal, undefined, undefined, error);
}

/** What a rejected call asks for, before the reason (RFC 6750 section 3). */
export const challenge = 'Bearer realm="ice-service"';

/** The token is valid, but may not do this (RFC 6750 section 3.1). */
function refuseForScope({ message, scope }: UsersRightMissingError): ConnectError {
  const wanted = scope === undefined ? "" : `, scope="${scope}"`;
  return new ConnectError(message, Code.PermissionDenied, {
    "WWW-Authenticate": `${challenge}, error="insufficient_scope"${wanted}`,
  });
}

/**
 * The answer to a call without a valid token, the same for every cause. `invalid_token` says
 * that a token was sent (RFC 6750 section 3.1); without one the challenge carries no error code.
 */
export function refuseToken(error?: "invalid_token"): ConnectError {
  return new ConnectError("invalid auth token", Code.Unauthenticated, {
    "WWW-Authenticate": error === undefined ? challenge : `${challenge}, error="${error}"`,
  });
}
