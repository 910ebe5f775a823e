import { setMaxListeners } from "node:events";
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
import { maxRequests, RequestSlots } from "./request-slots.js";

const defaultTimeoutMs = 5_000;
const maxResponseBytes = 64 * 1024;
/** Of all answers that are remembered, in characters. */
const maxRememberedChars = 16 * 1024 * 1024;
/** Beside the answer itself, for its place in a table. */
const overheadChars = 200;
const logPauseMs = 10_000;

export interface IntrospectionSourceOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly log: Log;
  readonly outgoing: OutgoingHttp;
  readonly startTimer: StartTimer;
  /** For one request, in milliseconds. 5000 by default. */
  readonly timeoutMs?: number;
}

/** What an authorization server has said of a token, and when it was asked, in Unix milliseconds. */
export interface Finding {
  readonly introspection: Introspection;
  readonly askedAtMs: number;
}

/**
 * An introspection endpoint (RFC 7662), and what it has said. Outlives reloads, after which every token
 * is verified anew: without a memory, all of them would be asked about at once.
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
  readonly #closed = new AbortController();
  #failing = false;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: IntrospectionSourceOptions) {
    this.#options = options;
    this.#slots = new RequestSlots(options.startTimer);
    setMaxListeners(maxRequests, this.#closed.signal);
  }

  /** What was last said of a token, however long ago. */
  recall(digest: string): Finding | undefined {
    return this.#findings.get(digest);
  }

  /**
   * Asks about a token. Calls that ask about the same one share a request.
   *
   * @param digest SHA-256 of the token in hex
   * @param authorization the value of the header that proves who asks
   * @param wait its signal ends the wait, not the request that others wait for as well
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
    const { clock, outgoing, timeoutMs = defaultTimeoutMs, url } = this.#options;
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
        signal: this.#closed.signal,
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
    if (this.#failing) {
      this.#failing = false;
      this.#options.log.info(this.#logFields, "the introspection endpoint answers again");
    }
  }

  /** Logs it unless it was logged just now: any token can make it happen. */
  #countFailure(problem: string): void {
    this.failureCount += 1;
    const nowMs = this.#options.clock();
    if (!this.#closed.signal.aborted && hasPassed(logPauseMs, this.#warnedAtMs, nowMs)) {
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

  /** There is nothing to prepare or renew: each token is asked about when it is used. */
  keepFresh(): void {}

  isStale(): boolean {
    return false;
  }

  async load(): Promise<void> {}

  close(): void {
    this.#closed.abort();
  }
}
