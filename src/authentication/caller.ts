/**
 * Whether a token may name users: it may, or it lacks the scope for that (RFC 6749 section 3.3).
 */
export type UsersRight = "granted" | { readonly missingScope: string };

/** The caller, as a verified token proves it. */
export interface Caller {
  /** The name of the token's kind, such as `jwt`. */
  readonly kind: string;
  /** The issuer of the subject, such as a JWT's `iss`. Empty for the service's own files. */
  readonly issuer: string;
  /** The issuer's name for the caller; empty if the token has none. */
  readonly subject: string;
  /** When the token expires, in Unix seconds; absent if it does not. */
  readonly expiresAtSeconds?: number;
  /**
   * When the token must be verified again, in Unix seconds, such as its expiry with the clock tolerance.
   * Absent if it never must.
   */
  readonly endsAtSeconds?: number;
  /** Whether it may name users; absent means that it may not. */
  readonly usersRight?: UsersRight;
}

/** A caller as the log names it. */
export interface LoggedCaller {
  readonly kind: string;
  /** Who says so, where that is not the service itself. Without a query, which may hold a key. */
  readonly issuer?: string;
  readonly name: string;
}

export function describeCaller({ kind, issuer, subject }: Caller): LoggedCaller {
  if (issuer === "") {
    return { kind, name: subject };
  }
  const queryAt = issuer.indexOf("?");
  return { kind, issuer: queryAt < 0 ? issuer : issuer.slice(0, queryAt), name: subject };
}
