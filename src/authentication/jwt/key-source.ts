import { type CryptoKey, errors, type JWSHeaderParameters, type KeyObject } from "jose";
import type { CancellableWait } from "../cancellable-wait.js";
import type { ProofSource } from "../token-kind.js";

/** There is no such key among the last good ones, and those of now cannot be loaded. */
export class UncertainKeyError extends errors.JWKSNoMatchingKey {}

/** Where one issuer's verification keys come from. */
export interface KeySource extends ProofSource {
  /**
   * The key for a token's header. Only `alg` and `kid` count: keys or addresses of keys that a
   * token brings along are never looked at.
   *
   * @param wait its signal ends the wait, not the load that others wait for as well
   * @throws TokenRejectedError `keys_unavailable` or `cancelled`
   * @throws JWKSNoMatchingKey, JWKSMultipleMatchingKeys of jose
   */
  findKey(header: JWSHeaderParameters, wait?: CancellableWait): Promise<CryptoKey | KeyObject>;
}
