/**
 * The shared secrets of one realm in the database of a TURN server, which reads them at each
 * authentication. Every operation takes effect at once, ends or fails within seconds, and may be
 * repeated.
 */
export interface TurnSecretStore {
  /** @throws TurnDatabaseError */
  list(): Promise<readonly string[]>;
  /** @throws TurnDatabaseError */
  add(secret: string): Promise<void>;
  /** @throws TurnDatabaseError */
  remove(secret: string): Promise<void>;
  close(): Promise<void>;
}

/** More secrets in one realm are considered a mistake. */
export const maxSecrets = 1000;

/** The time limit for connecting, and for one statement. */
export const databaseTimeoutMs = 5000;

/** The database cannot be used. Never contains a secret or the database's password. */
export class TurnDatabaseError extends Error {
  override readonly name = "TurnDatabaseError";

  constructor(
    readonly problem: string,
    readonly fix: string,
  ) {
    super(`${problem}. ${fix}`);
  }
}

/** @throws TurnDatabaseError when there are more than {@link maxSecrets} */
export function checkSecretCount(count: number): void {
  if (count > maxSecrets) {
    throw new TurnDatabaseError(
      `it contains more than ${maxSecrets} secrets for this realm`,
      "Remove those that nobody signs with",
    );
  }
}
