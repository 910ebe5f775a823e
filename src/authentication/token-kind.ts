import type { Clock, StartTimer } from "../clock.js";
import type { Files } from "../files/files.js";
import type { Log } from "../log.js";
import type { Metric } from "../observability/metric.js";
import type { OutgoingHttp } from "../outgoing/outgoing-http.js";
import type { Caller } from "./caller.js";
import type { CancellableWait } from "./cancellable-wait.js";
import type { DenyList } from "./deny-list-file.js";

/**
 * A kind of token, such as JWTs. Only the list in token-kinds.ts knows its folder. Configuration, log,
 * metrics, limits, and watches see keys, a caller, and reasons.
 *
 * @typeParam Auth the values of its keys in `auth`
 */
export interface TokenKind<Auth = unknown> {
  /** Used in callers, the log, and metrics; lower-case letters. */
  readonly name: string;
  /**
   * Why its tokens are rejected or cannot be verified, in addition to the reasons that all kinds share.
   */
  readonly reasons: readonly string[];
  /** Called once in a process that verifies tokens. */
  start(surroundings: KindSurroundings): RunningTokenKind<Auth>;
}

export interface KindSurroundings {
  readonly clock: Clock;
  readonly monotonicClock: Clock;
  readonly startTimer: StartTimer;
  readonly log: Log;
  readonly outgoing: OutgoingHttp;
  /** Must be called when what proves tokens has changed: every token is verified again. */
  readonly onChange: () => void;
  /** Must end everything in progress, also that of retired sources: the service stops. */
  readonly closed: AbortSignal;
}

/** What a kind keeps across configurations. */
export interface RunningTokenKind<Auth> {
  /**
   * Prepares to verify with a configuration, which may have no token of this kind. The configuration in
   * use is not affected.
   *
   * @throws ConfigError with every problem of the files that it names
   */
  open(options: KindOptions<Auth>): KindVerifier;
  /**
   * Retires all sources but these, which the configuration in use has. Calls that began with an earlier
   * one may wait for a source: what is in progress ends by itself. A retired source renews itself no
   * more, logs nothing, and reports no change.
   */
  keep?(used: ReadonlySet<ProofSource>): void;
  /** Metrics of its sources. */
  describe?(): Metric[];
}

export interface KindOptions<Auth> {
  readonly auth: Auth;
  readonly files: Files;
  /** Must be asked about each token of an issuer. */
  readonly isDenied: DenyList;
  /** Whether the clock tolerance may extend the life of a token. */
  readonly toleratesExpiry: boolean;
}

/** Verifies the tokens of one kind with one configuration. */
export interface KindVerifier {
  /** The source that proves its tokens, if that can change while the configuration stays. */
  readonly sources: readonly ProofSource[];
  /** How many tokens {@link find} knows. As many can be remembered in addition. */
  readonly tableSize?: number;
  /**
   * Finds a token that needs no verification, such as one in a file.
   * @param digest SHA-256 of the token in hex
   */
  find?(digest: string): VerifiedToken | undefined;
  /**
   * Verifies a token, if it is of this kind. It was neither found nor remembered.
   *
   * @param digest SHA-256 of the token in hex
   * @returns why it is not of this kind, in case it is of no later kind either; undefined if earlier
   *   kinds have said enough
   * @throws TokenRejectedError, VerificationUnavailableError (or rejects with them)
   */
  verify(
    token: string,
    digest: string,
    wait: CancellableWait | undefined,
  ): Promise<VerifiedToken> | KindMismatch | undefined;
  /** Must be called when what proves tokens has changed. */
  forget?(): void;
  /** Metrics of its tokens. */
  describe?(): Metric[];
}

/** Why a token is not of a kind, as a {@link TokenRejectedError} says it. */
export interface KindMismatch {
  readonly reason: string;
  /** What exactly differs, for the log only. */
  readonly detail?: string;
}

/** A valid token. */
export interface VerifiedToken {
  readonly caller: Caller;
  /** Until when it need not be verified again, in Unix milliseconds; may be infinite. */
  readonly knownUntilMs: number;
  /** What has proven it, if that can change. */
  readonly source: ProofSource | undefined;
}

/** Something that proves tokens and changes by itself, such as an issuer's keys behind a URL. */
export interface ProofSource {
  /** Records that it is in use. It renews itself in the background when it is old. */
  keepFresh(): void;
  /**
   * Whether it is so old, because nobody called, that its proofs may no longer hold. Each token is then
   * verified again, which waits for a renewal.
   */
  isStale(): boolean;
  /** Prepares it, unless it is ready. Settles when it is ready, or cannot be now; never rejects. */
  load(): Promise<void>;
}
