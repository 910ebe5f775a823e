import { CallRejectedError } from "../errors.js";
import type { QuotaName } from "./quota.js";

/** Why a call was refused. The literals are stable: logs are searched and counted by them. */
export type QuotaExceededReason =
  | "caller_limit"
  | "user_limit"
  | "failed_authentication_limit"
  | "pending_authentication_limit";

/** The last one is no quota of its own: tokens under verification hold all that is left of another. */
type ExceededName = QuotaName | "pendingAuthentication";

const refusals: Readonly<Record<ExceededName, { reason: QuotaExceededReason; message: string }>> = {
  caller: { reason: "caller_limit", message: "too many requests" },
  user: { reason: "user_limit", message: "too many requests for one user" },
  failedAuthentication: {
    reason: "failed_authentication_limit",
    message: "too many failed authentications from this address",
  },
  pendingAuthentication: {
    reason: "pending_authentication_limit",
    message: "too many unknown tokens at once",
  },
};

/** A quota is used up. The message is meant for the caller. */
export class QuotaExceededError extends CallRejectedError {
  override readonly name = "QuotaExceededError";
  override readonly reason: QuotaExceededReason;

  /** @param retryAfterSeconds such as when the window ends: whole seconds, at least 1 */
  constructor(
    quota: ExceededName,
    readonly retryAfterSeconds: number,
  ) {
    const { reason, message } = refusals[quota];
    // No punctuation that Connect escapes in grpc-message and @grpc/grpc-js leaves escaped.
    super(`${message} (retry in ${retryAfterSeconds} s)`);
    this.reason = reason;
  }
}
