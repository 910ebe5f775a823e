/**
 * The shared secrets of one realm in the database of a TURN server, which reads them anew at each
 * authentication. Everything takes effect at once, is done within seconds or fails, and may be
 * done twice.
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

/** More secrets in one realm than this are taken for a mistake. */
export const maxSecrets = 1000;

/** How long connecting, or one statement, may take. */
export const databaseTimeoutMs = 5000;

/** The database cannot be used. Never holds a secret, nor the database's password. */
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
      `it holds more than ${maxSecrets} secrets for this realm`,
      "Remove those that nobody signs with",
    );
  }
}
