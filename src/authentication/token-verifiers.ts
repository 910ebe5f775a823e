import { setMaxListeners } from "node:events";
import type { Clock } from "../clock.js";
import { ProblemCollection } from "../config/problem-collection.js";
import type { Files } from "../files/files.js";
import type { Metric } from "../observability/metric.js";
import type { AuthConfig } from "./auth-config.js";
import { denyNothing, readDenyListFile } from "./deny-list-file.js";
import type { KindSurroundings, RunningTokenKind, TokenKind } from "./token-kind.js";
import { createTokenVerifier, type TokenVerifier } from "./token-verifier.js";

/**
 * Makes a verifier of each configuration, and keeps what outlives them: while a key set's URL is
 * down, a reload must not lose the last good keys.
 */
export class TokenVerifiers {
  readonly #kinds: readonly RunningTokenKind<AuthConfig>[];
  readonly #clock: Clock;
  readonly #closer = new AbortController();

  constructor(
    kinds: readonly TokenKind<AuthConfig>[],
    surroundings: Omit<KindSurroundings, "closed">,
  ) {
    const { signal: closed } = this.#closer;
    // Every request listens to it while it runs.
    setMaxListeners(0, closed);
    this.#kinds = kinds.map((kind) => kind.start({ ...surroundings, closed }));
    this.#clock = surroundings.clock;
  }

  /**
   * Reads the files that the configuration names. What is behind URLs is read by
   * {@link TokenVerifier.load}, or when a token first needs it.
   * @param toleratesExpiry as of {@link KindOptions}
   * @throws ConfigError with every problem of these files
   */
  open(auth: AuthConfig, files: Files, { toleratesExpiry = true } = {}): TokenVerifier {
    const problems = new ProblemCollection();
    const { denyListFile } = auth;
    const isDenied =
      (denyListFile !== undefined && problems.try(() => readDenyListFile(denyListFile, files))) ||
      denyNothing;
    const verifiers = this.#kinds.flatMap(
      (kind) => problems.try(() => kind.open({ auth, files, isDenied, toleratesExpiry })) ?? [],
    );
    problems.throwIfAny();
    return createTokenVerifier(verifiers, this.#clock, auth.maxTokenBytes);
  }

  /**
   * Gives up what none but this verifier needs, without harm to the calls that wait for it. Without a
   * verifier, ends everything at once.
   */
  keep(verifier?: Pick<TokenVerifier, "sources">): void {
    const used = new Set(verifier?.sources);
    for (const kind of this.#kinds) {
      kind.keep?.(used);
    }
    if (verifier === undefined) {
      this.#closer.abort();
    }
  }

  /** What operators want to know of it. */
  describe(): Metric[] {
    return this.#kinds.flatMap((kind) => kind.describe?.() ?? []);
  }
}
