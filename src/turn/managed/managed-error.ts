/** Why a request has failed. A closed set: metrics rely on it. */
export const managedFailures = [
  "unreachable",
  "rate-limited",
  "status",
  "malformed",
  "no-turn-url",
] as const;
export type ManagedFailure = (typeof managedFailures)[number];

/** A service has not given a credential. The message holds no secret, and no text of the service. */
export class ManagedError extends Error {
  override readonly name = "ManagedError";

  /** @param retryAfterSeconds how long the service wants to be left alone, if it has said so */
  constructor(
    readonly failure: ManagedFailure,
    message: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
  }
}
