/** Why a token was refused. The literals are stable: logs are searched and counted by them. */
export const tokenRejectedReasons = [
  "too_large",
  "malformed",
  "unsupported",
  "unknown_issuer",
  "algorithm",
  "unknown_key",
  "signature",
  "expired",
  "not_yet_valid",
  "audience",
  "claim",
  "revoked",
  "keys_unavailable",
  "cancelled",
  "unknown_connector_token",
  "connector_token_expired",
] as const;
export type TokenRejectedReason = (typeof tokenRejectedReasons)[number];

/** Nothing was found out about the token. */
const unprovenReasons: ReadonlySet<TokenRejectedReason> = new Set([
  "keys_unavailable",
  "cancelled",
]);

/** A token did not verify. The message is the same whatever the cause, and never holds the token. */
export class TokenRejectedError extends Error {
  override readonly name = "TokenRejectedError";

  /**
   * @param reason the cause, meant for the log and not for the caller
   * @param isProven whether the token is known to be bad, and not only lacking what would prove it good
   */
  constructor(
    readonly reason: TokenRejectedReason,
    readonly isProven = !unprovenReasons.has(reason),
  ) {
    super("invalid auth token");
  }
}
