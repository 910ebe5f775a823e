import type { Clock, StartTimer } from "../clock.js";
import type { Files } from "../files/files.js";
import type { Log } from "../log.js";
import type { Metric } from "../observability/metric.js";
import type { OutgoingHttp } from "../outgoing/outgoing-http.js";
import type { Caller } from "./caller.js";
import type { CancellableWait } from "./cancellable-wait.js";
import type { DenyList } from "./deny-list-file.js";

/**
 * A kind of token, such as JWTs. Nothing outside of its folder knows it but the list in
 * token-kinds.ts: configuration, log, metrics, limits, and watches see keys, a caller, and reasons.
 *
 * @typeParam Auth what it takes from the configuration: the values of its keys in `auth`
 */
export interface TokenKind<Auth = unknown> {
  /** In callers, the log, and metrics; lower-case letters. */
  readonly name: string;
  /** Why its tokens are rejected or cannot be verified, beside the reasons that all kinds share. */
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
  /** To be called when what proves tokens has changed: every token is verified anew. */
  readonly onChange: () => void;
}

/** What a kind keeps while configurations come and go. */
export interface RunningTokenKind<Auth> {
  /**
   * Prepares to verify by a configuration, which may have no token of this kind. The configuration
   * in use is not disturbed.
   * @throws ConfigError with every problem of the files that it names
   */
  open(options: KindOptions<Auth>): KindVerifier;
  /** Gives up what is kept for configurations that are gone: all but these sources. */
  keep?(used: ReadonlySet<ProofSource>): void;
  /** What operators want to know of the sources. */
  describe?(): Metric[];
}

export interface KindOptions<Auth> {
  readonly auth: Auth;
  readonly files: Files;
  /** To be asked for each token that an issuer has made. */
  readonly isDenied: DenyList;
  /** Whether a tolerance for clocks may extend the life of a token. */
  readonly toleratesExpiry: boolean;
}

/** Verifies the tokens of one kind by one configuration. */
export interface KindVerifier {
  /** What its tokens are proven by, where that can change while the configuration stays. */
  readonly sources: readonly ProofSource[];
  /** How many tokens {@link find} knows. They get as much room among the remembered ones. */
  readonly tableSize?: number;
  /**
   * Finds a token that needs no verification, such as one in a file.
   * @param digest SHA-256 of the token in hex
   */
  find?(digest: string): VerifiedToken | undefined;
  /**
   * Verifies a token, if it is of this kind. It was not found, and is not remembered.
   *
   * @param digest SHA-256 of the token in hex
   * @returns why it is not of this kind, to reject it with if it is of no later kind either;
   *   undefined where there is no more to say than earlier kinds have said
   * @throws TokenRejectedError, VerificationUnavailableError (or rejects with them)
   */
  verify(
    token: string,
    digest: string,
    wait: CancellableWait | undefined,
  ): Promise<VerifiedToken> | KindMismatch | undefined;
  /** To be called when what proves tokens has changed. */
  forget?(): void;
  /** What operators want to know of its tokens. */
  describe?(): Metric[];
}

/** Why a token is not of a kind: what a {@link TokenRejectedError} is made of. */
export interface KindMismatch {
  readonly reason: string;
  /** What exactly differs, for the log only. */
  readonly detail?: string;
}

/** A token that is good. */
export interface VerifiedToken {
  readonly caller: Caller;
  /** How long it need not be verified again, in Unix milliseconds; may be infinite. */
  readonly knownUntilMs: number;
  /** What has proven it, where that can change. */
  readonly source: ProofSource | undefined;
}

/** Something that proves tokens and changes by itself, such as an issuer's keys behind a URL. */
export interface ProofSource {
  /** Notes that it is in use. Renews itself in the background when it is old. */
  keepFresh(): void;
  /**
   * Whether it is so old, because nobody called, that what it has proven may no longer hold: each token
   * is verified again, which waits for a renewal.
   */
  isStale(): boolean;
  /** Gets ready, unless it is. Settles when it is, or cannot be for now; never rejects. */
  load(): Promise<void>;
  /** Ends what is under way; nothing follows. */
  close(): void;
}
