import type { Caller } from "../authentication/caller.js";
import type { CancellableWait } from "../authentication/cancellable-wait.js";
import type { TokenVerifier } from "../authentication/token-verifier.js";

interface Verification {
  readonly verifier: TokenVerifier;
  /** Fulfilled when it has ended, well or not. */
  readonly ended: Promise<void>;
}

/**
 * Verifies the tokens of watches. After a change no token is remembered, and all watches of a caller
 * would verify the same one. One of them does, and the others ask again when that has ended: by then,
 * a good token is remembered.
 */
export class TokenVerifications {
  /** By the digest of the token. */
  readonly #pending = new Map<string, Verification>();

  /** As TokenVerifier.verify does. */
  verify(
    verifier: TokenVerifier,
    token: string,
    wait: CancellableWait,
    digest: string,
  ): Caller | Promise<Caller> {
    const earlier = this.#pending.get(digest);
    if (earlier?.verifier === verifier) {
      // All at once, as each may wait for keys, and has a client of its own that may leave meanwhile.
      return earlier.ended.then(() => verifier.verify(token, wait, digest));
    }
    const verified = verifier.verify(token, wait, digest);
    if (verified instanceof Promise) {
      const end = () => {
        if (this.#pending.get(digest) === verification) {
          this.#pending.delete(digest);
        }
      };
      const verification = { verifier, ended: verified.then(end, end) };
      this.#pending.set(digest, verification);
    }
    return verified;
  }
}
