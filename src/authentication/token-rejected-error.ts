import { CallRejectedError } from "../errors.js";

/**
 * Why a token of any kind is rejected. Each kind has more reasons. The literals are stable, because
 * operators search logs for them and count them.
 */
export const sharedReasons = ["too_large", "malformed", "revoked", "cancelled"] as const;

/**
 * A token was not verified. The message is the same for every cause, and never contains the token.
 */
export class TokenRejectedError<Reason extends string = string> extends CallRejectedError {
  override readonly name = "TokenRejectedError";

  /**
   * @param reason the cause, for the log and not for the caller: one of {@link sharedReasons} or of the
   *   kind's
   * @param isProven whether the token is known to be bad, and does not only lack a proof
   * @param detail what exactly differs, for the log only; of the token, it contains at most a claim
   */
  constructor(
    override readonly reason: Reason,
    readonly isProven = true,
    readonly detail?: string,
  ) {
    super("invalid auth token");
  }
}

/**
 * A token cannot be verified now, because its issuer does not answer. The caller is asked to try again;
 * its token is not called invalid.
 */
export class VerificationUnavailableError extends CallRejectedError {
  override readonly name = "VerificationUnavailableError";

  /** @param reason one of the kind's, meant for the log */
  constructor(override readonly reason: string) {
    super("tokens cannot be verified at the moment; try again later");
  }
}
