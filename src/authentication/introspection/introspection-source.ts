import { LRUCache } from "lru-cache";
import { type Clock, hasPassed, type StartTimer } from "../../clock.js";
import type { Log } from "../../log.js";
import { OutgoingError, type OutgoingHttp } from "../../outgoing/outgoing-http.js";
import { printWithoutQuery } from "../../outgoing/outgoing-url.js";
import { type CancellableWait, waitForFetch } from "../cancellable-wait.js";
import type { ProofSource } from "../token-kind.js";
import { VerificationUnavailableError } from "../token-rejected-error.js";
import type { IntrospectionReason } from "./introspection-reasons.js";
import {
  type Introspection,
  IntrospectionError,
  parseIntrospection,
} from "./introspection-response.js";
import { RequestSlots } from "./request-slots.js";

const defaultTimeoutMs = 5_000;
const maxResponseBytes = 64 * 1024;
/** The size of all remembered answers, in characters. */
const maxRememberedChars = 16 * 1024 * 1024;
/** The size of an entry in a table, in addition to the answer. */
const overheadChars = 200;
const logPauseMs = 10_000;

export interface IntrospectionSourceOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly log: Log;
  readonly outgoing: OutgoingHttp;
  readonly startTimer: StartTimer;
  /** For one request, in milliseconds; 5000 by default. */
  readonly timeoutMs?: number;
  /** Ends every request: the service stops. */
  readonly closed: AbortSignal;
}

/** What an authorization server said about a token, and when it was asked, in Unix milliseconds. */
export interface Finding {
  readonly introspection: Introspection;
  readonly askedAtMs: number;
}

/**
 * An introspection endpoint (RFC 7662), and its answers. It outlives reloads: after a reload, every
 * token is verified again, and without remembered answers each would cause a request at once.
 */
export class IntrospectionSource implements ProofSource {
  successCount = 0;
  failureCount = 0;
  readonly #options: IntrospectionSourceOptions;
  readonly #findings = new LRUCache<string, Finding>({
    maxSize: maxRememberedChars,
    sizeCalculation: ({ introspection }) => overheadChars + JSON.stringify(introspection).length,
  });
  readonly #pending = new Map<string, Promise<Finding>>();
  readonly #slots: RequestSlots;
  #isRetired = false;
  #failing = false;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: IntrospectionSourceOptions) {
    this.#options = options;
    this.#slots = new RequestSlots(options.startTimer);
  }

  /** The last answer about a token, of any age. */
  recall(digest: string): Finding | undefined {
    return this.#findings.get(digest);
  }

  /**
   * Asks about a token. Calls that ask about the same token share a request.
   *
   * @param digest SHA-256 of the token in hex
   * @param authorization the value of the header that authenticates the service
   * @param wait its signal ends the wait, but not the request that others wait for
   * @throws VerificationUnavailableError, TokenRejectedError `cancelled` (as rejections)
   */
  ask(
    token: string,
    digest: string,
    authorization: string,
    wait: CancellableWait | undefined,
  ): Promise<Finding> {
    let asked = this.#pending.get(digest);
    if (asked === undefined) {
      asked = this.#slots
        .run(() => this.#request(token, digest, authorization))
        .finally(() => this.#pending.delete(digest));
      this.#pending.set(digest, asked);
    }
    return waitForFetch(asked, wait);
  }

  async #request(token: string, digest: string, authorization: string): Promise<Finding> {
    const { clock, closed, outgoing, timeoutMs = defaultTimeoutMs, url } = this.#options;
    const askedAtMs = clock();
    try {
      const { status, text } = await outgoing.send(url, {
        method: "POST",
        headers: {
          Accept: "application/json",
          Authorization: authorization,
          "Content-Type": "application/x-www-form-urlencoded",
        },
        body: new URLSearchParams({ token, token_type_hint: "access_token" }).toString(),
        timeoutMs,
        maxBytes: maxResponseBytes,
        signal: closed,
      });
      const finding = { introspection: parseIntrospection(status, text), askedAtMs };
      this.#findings.set(digest, finding);
      this.#countSuccess();
      return finding;
    } catch (error) {
      if (!(error instanceof OutgoingError || error instanceof IntrospectionError)) {
        throw error;
      }
      this.#countFailure(error.message);
      throw new VerificationUnavailableError(
        "introspection_unavailable" satisfies IntrospectionReason,
      );
    }
  }

  #countSuccess(): void {
    this.successCount += 1;
    if (this.#failing && !this.#isRetired) {
      this.#failing = false;
      this.#options.log.info(this.#logFields, "the introspection endpoint answers again");
    }
  }

  /** Logs it at a limited rate, because any token can cause it. */
  #countFailure(problem: string): void {
    this.failureCount += 1;
    const nowMs = this.#options.clock();
    if (!this.#isRetired && hasPassed(logPauseMs, this.#warnedAtMs, nowMs)) {
      this.#failing = true;
      this.#warnedAtMs = nowMs;
      this.#options.log.warn(
        { ...this.#logFields, problem },
        "the introspection endpoint cannot be asked: callers with its tokens get 503",
      );
    }
  }

  get #logFields() {
    return { url: printWithoutQuery(this.#options.url) };
  }

  /** Nothing to prepare or renew: the server is asked when a token is used. */
  keepFresh(): void {}

  isStale(): boolean {
    return false;
  }

  async load(): Promise<void> {}

  /** Finishes what calls have asked for, but logs nothing any more. */
  retire(): void {
    this.#isRetired = true;
  }
}
