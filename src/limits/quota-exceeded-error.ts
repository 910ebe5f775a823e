import type { QuotaName } from "./quota.js";

/** Why a call was refused. The literals are stable: logs are searched and counted by them. */
export type QuotaExceededReason = "caller_limit" | "failed_authentication_limit";

const refusals: Readonly<Record<QuotaName, { reason: QuotaExceededReason; message: string }>> = {
  caller: { reason: "caller_limit", message: "too many requests" },
  failedAuthentication: {
    reason: "failed_authentication_limit",
    message: "too many failed authentications from this address",
  },
};

/** A quota is used up. The message is meant for the caller. */
export class QuotaExceededError extends Error {
  override readonly name = "QuotaExceededError";
  /** For the log. */
  readonly reason: QuotaExceededReason;

  /** @param retryAfterSeconds when the window ends: whole seconds, at least 1 */
  constructor(
    quota: QuotaName,
    readonly retryAfterSeconds: number,
  ) {
    const { reason, message } = refusals[quota];
    // No punctuation that Connect escapes in grpc-message and @grpc/grpc-js leaves escaped.
    super(`${message} (retry in ${retryAfterSeconds} s)`);
    this.reason = reason;
  }
}
