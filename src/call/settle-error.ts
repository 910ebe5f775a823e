import { Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { TokenRejectedError } from "../authentication/token-rejected-error.js";
import { UsersRightMissingError } from "../authentication/users-right.js";
import { QuotaExceededError } from "../limits/quota-exceeded-error.js";
import type { Call } from "./call.js";
import { recordFault } from "./error-fault.js";
import { translateError } from "./translate-error.js";

/**
 * Longer messages are cut: they repeat what the caller has sent. As grpc-message a character takes up
 * to 9 bytes, and Node closes an HTTP/2 connection whose headers are larger than 64 KiB.
 */
const maxMessageChars = 4096;

/**
 * The error that the caller gets for anything thrown in a stage of its call. Its code goes on record.
 * When the deadline has passed or the caller is gone, whatever failed then failed because of it; but a
 * call that may not be made is rejected as such, whatever deadline it brings.
 */
export function settleError(error: unknown, call: Call): ConnectError {
  const { record } = call;
  const end = isRejection(error) ? undefined : call.findEnd();
  const translated = end ?? translateError(error, record);
  recordFault(translated, record);
  const settled = boundMessage(translated);
  record.code = codeToString(settled.code);
  return settled;
}

function isRejection(error: unknown): boolean {
  return (
    (error instanceof TokenRejectedError && error.isProven) ||
    error instanceof UsersRightMissingError ||
    error instanceof QuotaExceededError ||
    (error instanceof ConnectError && error.code === Code.Unauthenticated)
  );
}

function boundMessage(error: ConnectError): ConnectError {
  const { rawMessage } = error;
  if (rawMessage.length <= maxMessageChars && rawMessage.isWellFormed()) {
    return error;
  }
  const text = rawMessage.slice(0, maxMessageChars).toWellFormed();
  const bounded = new ConnectError(text, error.code, error.metadata, undefined, error.cause);
  bounded.details = error.details;
  return bounded;
}
