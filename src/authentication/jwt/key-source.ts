import type { CryptoKey, JWSHeaderParameters, KeyObject } from "jose";
import type { CancellableWait } from "../cancellable-wait.js";
import type { ProofSource } from "../token-kind.js";

/** Where one issuer's verification keys come from. */
export interface KeySource extends ProofSource {
  /** Changes with the keys. */
  readonly version: number;
  /** Whether the last fetch failed: the issuer may have added a key that is not known yet. */
  readonly isFailing: boolean;
  /**
   * The key for a token's header. Only `alg` and `kid` count: keys or addresses of keys that a
   * token brings along are never looked at.
   *
   * @param wait its signal ends the wait, not the load that others wait for as well
   * @throws TokenRejectedError `keys_unavailable` or `cancelled`
   * @throws JWKSNoMatchingKey, JWKSMultipleMatchingKeys of jose
   */
  findKey(header: JWSHeaderParameters, wait?: CancellableWait): Promise<CryptoKey | KeyObject>;
  /**
   * Looks for newer keys after the present ones did not verify a token. Yields each time that the keys
   * have changed. Ends when no further fetch is due for this call.
   *
   * @param version of the keys that did not verify it
   * @param wait on whose behalf keys are fetched
   * @throws TokenRejectedError `cancelled`
   */
  findNewer(version: number, wait?: CancellableWait): AsyncIterable<void>;
}

/** Keys that do not change while the configuration stays. */
export function createFixedSource(
  findKey: (header: JWSHeaderParameters) => Promise<CryptoKey | KeyObject>,
): KeySource {
  return {
    version: 0,
    isFailing: false,
    findKey: (header) => findKey(header),
    async *findNewer() {},
    keepFresh() {},
    isStale: () => false,
    async load() {},
  };
}
