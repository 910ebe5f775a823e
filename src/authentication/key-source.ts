import { type CryptoKey, errors, type JWSHeaderParameters, type KeyObject } from "jose";

/** There is no such key among the last good ones, and those of now cannot be loaded. */
export class UncertainKeyError extends errors.JWKSNoMatchingKey {}

/** Who waits for keys. The signal is costly to make, so that it is read only if there is a wait. */
export interface CancellableWait {
  readonly signal: AbortSignal;
  /** Called when a load of keys begins to hold the call up. */
  beginFetch?(): void;
  /** Called when it no longer does. */
  endFetch?(): void;
}

/** Where one issuer's verification keys come from. */
export interface KeySource {
  /**
   * The key for a token's header. Only `alg` and `kid` count: keys or addresses of keys that a
   * token brings along are never looked at.
   *
   * @param wait its signal ends the wait, not the load that others wait for as well
   * @throws TokenRejectedError `keys_unavailable` or `cancelled`
   * @throws JWKSNoMatchingKey, JWKSMultipleMatchingKeys of jose
   */
  findKey(header: JWSHeaderParameters, wait?: CancellableWait): Promise<CryptoKey | KeyObject>;
  /** Tells that the keys are in use. Starts a load in the background when they are old. */
  keepFresh(): void;
  /**
   * Whether the keys are so old, for want of calls, that those withdrawn since could be among them:
   * the next {@link findKey} waits for new ones.
   */
  isStale(): boolean;
  /** Starts the first load, if there are no keys yet. Settles when it has ended; never rejects. */
  load(): Promise<void>;
  /** Ends a load under way; none follows. */
  close(): void;
}
