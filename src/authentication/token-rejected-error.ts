/**
 * Why a token of any kind is rejected. Each kind has further reasons of its own. The literals are
 * stable: logs are searched and counted by them.
 */
export const sharedReasons = ["too_large", "malformed", "revoked", "cancelled"] as const;

/** A token did not verify. The message is the same whatever the cause, and never holds the token. */
export class TokenRejectedError<Reason extends string = string> extends Error {
  override readonly name = "TokenRejectedError";

  /**
   * @param reason the cause, meant for the log and not for the caller: one of {@link sharedReasons}
   *   or of the kind's
   * @param isProven whether the token is known to be bad, and not only lacking what would prove it good
   * @param detail what exactly differs, for the log only; holds no more of the token than a claim
   */
  constructor(
    readonly reason: Reason,
    readonly isProven = true,
    readonly detail?: string,
  ) {
    super("invalid auth token");
  }
}

/**
 * A token cannot be verified for now, because its issuer does not answer. The caller is asked to try
 * again, and does not hear that its token is invalid.
 */
export class VerificationUnavailableError extends Error {
  override readonly name = "VerificationUnavailableError";

  /** @param reason one of the kind's, meant for the log */
  constructor(readonly reason: string) {
    super("tokens cannot be verified at the moment; try again later");
  }
}
