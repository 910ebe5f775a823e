import { hash } from "node:crypto";
import type { Clock } from "../clock.js";
import type { Metric } from "../observability/metric.js";
import type { Caller } from "./caller.js";
import type { CancellableWait } from "./cancellable-wait.js";
import type { KindMismatch, KindVerifier, ProofSource } from "./token-kind.js";
import { TokenRejectedError } from "./token-rejected-error.js";
import { isTooLarge } from "./token-size.js";
import { VerifiedTokenCache } from "./verified-token-cache.js";

/** What a token is remembered by: its SHA-256 in hex. */
export function digestToken(token: string): string {
  return hash("sha256", token);
}

/** A token that is not remembered, or not any more. */
export class UnknownToken {
  /**
   * @param digest undefined for a token that is not worth a look
   * @param flaw why it is not, as a reason to reject it with
   */
  constructor(
    readonly token: string,
    readonly digest: string | undefined,
    readonly flaw?: string,
  ) {}
}

/** Finds who presents a token. */
export interface TokenVerifier {
  /**
   * The caller of a token that is known to be good already, at next to no cost: one that was verified
   * before, or that is in a file. Every other one, good or bad, is for {@link verifyUnknown}.
   */
  recognize(token: string): Caller | UnknownToken;
  /**
   * @param wait its signal ends a wait for what could prove the token; it is read only if there is one
   * @throws TokenRejectedError (or rejects with it) when the token does not verify
   * @throws VerificationUnavailableError (as a rejection) when nobody knows whether it would
   */
  verifyUnknown(token: UnknownToken, wait?: CancellableWait): Promise<Caller>;
  /**
   * Both in turn: answers at once for a token that is known, else later.
   * @param digest for those who verify the same token again: {@link digestToken} takes a microsecond
   */
  verify(token: string, wait?: CancellableWait, digest?: string): Caller | Promise<Caller>;
  /** Gets every source ready. Settles when all are, or cannot be for now; never rejects. */
  load(): Promise<void>;
  /** To be called when what proves tokens has changed: every token is verified anew. */
  forget(): void;
  /** What operators want to know of the tokens that it accepts. */
  describe(): Metric[];
  /** What tokens are proven by, where that can change. */
  readonly sources: readonly ProofSource[];
}

/**
 * @param kinds a token belongs to the first one that takes it
 * @param maxTokenBytes of the longest token that is looked at
 */
export function createTokenVerifier(
  kinds: readonly KindVerifier[],
  clock: Clock,
  maxTokenBytes: number,
): TokenVerifier {
  const tableSize = kinds.reduce((size, kind) => size + (kind.tableSize ?? 0), 0);
  const cache = new VerifiedTokenCache(clock, tableSize);

  function findInTables(digest: string): Caller | undefined {
    for (const kind of kinds) {
      const found = kind.find?.(digest);
      if (found !== undefined) {
        cache.add(digest, found, cache.generation);
        return found.caller;
      }
    }
    return undefined;
  }

  function recognize(token: string, kept?: string): Caller | UnknownToken {
    if (isTooLarge(token, maxTokenBytes)) {
      return new UnknownToken(token, undefined, "too_large");
    }
    const digest = kept ?? digestToken(token);
    const known = cache.find(digest);
    if (known === undefined) {
      return findInTables(digest) ?? new UnknownToken(token, digest);
    }
    const { source } = known;
    if (source !== undefined) {
      if (source.isStale()) {
        // It may have been proven by a key that is withdrawn.
        return new UnknownToken(token, digest);
      }
      // Else keys would never be loaded anew while only known tokens come.
      source.keepFresh();
    }
    return known.caller;
  }

  function verifyUnknown(
    { token, digest, flaw = "malformed" }: UnknownToken,
    wait: CancellableWait | undefined,
  ): Promise<Caller> {
    let mismatch: KindMismatch = { reason: flaw };
    if (digest === undefined) {
      throw new TokenRejectedError(flaw);
    }
    const { generation } = cache;
    for (const kind of kinds) {
      const verified = kind.verify(token, digest, wait);
      if (verified instanceof Promise) {
        return verified.then((good) => {
          cache.add(digest, good, generation);
          return good.caller;
        });
      }
      mismatch = verified ?? mismatch;
    }
    throw new TokenRejectedError(mismatch.reason, true, mismatch.detail);
  }

  const sources = kinds.flatMap((kind) => kind.sources);
  return {
    recognize,
    verifyUnknown,
    verify(token, wait, digest) {
      const known = recognize(token, digest);
      return known instanceof UnknownToken ? verifyUnknown(known, wait) : known;
    },
    async load() {
      await Promise.all(sources.map((source) => source.load()));
    },
    forget() {
      cache.clear();
      for (const kind of kinds) {
        kind.forget?.();
      }
    },
    describe: () => kinds.flatMap((kind) => kind.describe?.() ?? []),
    sources,
  };
}
