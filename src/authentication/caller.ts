/** Whether a token may ask for users: it may, or it would with a scope that it lacks (RFC 6749 section 3.3). */
export type UsersRight = "granted" | { readonly missingScope: string };

/** Who calls, as proven by a verified token. */
export interface Caller {
  /** The name of the token's kind, such as `jwt`. */
  readonly kind: string;
  /** Who vouches for the subject, such as a JWT's `iss`. Empty where the service's own files do. */
  readonly issuer: string;
  /** The name by which the issuer knows the caller; empty where the token has none. */
  readonly subject: string;
  /** When the token expires by its own word, in Unix seconds; absent where it does not. */
  readonly expiresAtSeconds?: number;
  /**
   * From when on the token counts no more unless it is verified again, in Unix seconds: its expiry
   * with the clock tolerance, for instance. Absent where it has no end.
   */
  readonly endsAtSeconds?: number;
  /** Whether it may ask for its users. Absent: it may not. */
  readonly usersRight?: UsersRight;
}

/** A caller as the log names it. */
export function describeCaller({ kind, subject }: Caller): {
  readonly kind: string;
  readonly name: string;
} {
  return { kind, name: subject };
}
