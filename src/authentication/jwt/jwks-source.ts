import { createLocalJWKSet, errors } from "jose";
import { type Clock, hasPassed } from "../../clock.js";
import type { Log } from "../../log.js";
import type { OutgoingHttp } from "../../outgoing/outgoing-http.js";
import { waitForFetch } from "../cancellable-wait.js";
import { TokenRejectedError } from "../token-rejected-error.js";
import { fetchKeySetText } from "./jwks-fetch.js";
import type { AsymmetricAlgorithm } from "./jwt-algorithms.js";
import type { JwtReason } from "./jwt-reasons.js";
import { parseKeySet } from "./key-set.js";
import { type KeySource, UncertainKeyError } from "./key-source.js";

const maxAgeMs = 10 * 60_000;
/** Beyond, keys are not used again before they were asked for anew. */
const maxIdleAgeMs = 2 * maxAgeMs;
const cooldownMs = 10_000;

export interface JwksSourceOptions {
  readonly issuer: string;
  readonly url: URL;
  /** Keys that fit none of these are left out. */
  readonly algorithms: readonly AsymmetricAlgorithm[];
  readonly clock: Clock;
  readonly log: Log;
  readonly outgoing: OutgoingHttp;
  /** Called when keys that were in use have been replaced by others. */
  readonly onChange: () => void;
  /** For one load, in milliseconds. 5000 by default. */
  readonly timeoutMs?: number;
}

/** How the loads of one JWKS URL have gone so far. */
export interface JwksStatus {
  readonly issuer: string;
  /** When keys were last loaded, in Unix milliseconds; undefined before the first time. */
  readonly loadedAtMs: number | undefined;
  readonly successCount: number;
  readonly failureCount: number;
}

/** A source that tells how its loads have gone. */
export interface JwksSource extends KeySource {
  readonly status: JwksStatus;
}

/**
 * The keys behind a JWKS URL. They are loaded once by everybody who waits, again in the background
 * when they are 10 minutes old and in use, and again, awaited, when a token names an unknown key, or
 * when nobody has called for so long that they are 20 minutes old.
 * After such a load, and after one that failed, there is none for 10 seconds, so that strangers
 * cannot make us hammer the URL. The last good keys stay while the URL does not serve better ones.
 */
export function createJwksSource(options: JwksSourceOptions): JwksSource {
  const { issuer, url, algorithms, clock, log, outgoing, onChange, timeoutMs = 5000 } = options;
  const logFields = { issuer, url: `${url.origin}${url.pathname}` };
  const closed = new AbortController();
  let current: { text: string; find: ReturnType<typeof createLocalJWKSet> } | undefined;
  let loadedAtMs = Number.NEGATIVE_INFINITY;
  let coolsSinceMs = Number.NEGATIVE_INFINITY;
  let failing = false;
  let successCount = 0;
  let failureCount = 0;
  let pending: Promise<void> | undefined;

  const mayLoad = () => !closed.signal.aborted && hasPassed(cooldownMs, coolsSinceMs, clock());

  function load(): Promise<void> {
    pending ??= replaceKeys().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function replaceKeys(): Promise<void> {
    try {
      const { keys, secretCount } = parseKeySet(
        await fetchKeySetText(outgoing, url, timeoutMs, closed.signal),
        algorithms,
      );
      const previous = current?.text;
      const text = JSON.stringify(keys);
      loadedAtMs = clock();
      successCount += 1;
      if (text !== previous) {
        current = { text, find: createLocalJWKSet({ keys: [...keys] }) };
        warnAbout(keys.length, secretCount);
        if (previous !== undefined) {
          onChange();
        }
      }
      if (failing) {
        failing = false;
        log.info(logFields, "the issuer's keys can be loaded again");
      }
    } catch (error) {
      coolsSinceMs = clock();
      if (!closed.signal.aborted) {
        failing = true;
        failureCount += 1;
        const problem = error instanceof Error ? error.message : "unknown error";
        log.warn(
          { ...logFields, problem },
          current === undefined
            ? "the issuer's keys cannot be loaded: its tokens are refused"
            : "the issuer's keys cannot be loaded: the last good ones stay in use",
        );
      }
    }
  }

  function warnAbout(usableCount: number, secretCount: number): void {
    if (usableCount === 0) {
      log.warn({ ...logFields, algorithms }, "the issuer publishes no key for its algorithms");
    }
    if (secretCount > 0) {
      log.warn(logFields, "the issuer publishes a private or symmetric key, which is not used");
    }
  }

  function keepFresh(): void {
    if (current !== undefined && hasPassed(maxAgeMs, loadedAtMs, clock()) && mayLoad()) {
      void load();
    }
  }

  /** While loads fail, a key that is not among the last good ones may be one that the issuer has added. */
  function describeMiss(error: unknown): unknown {
    return failing && error instanceof errors.JWKSNoMatchingKey ? new UncertainKeyError() : error;
  }

  /** While loads fail, the last good keys are as good as it gets, and nobody waits. */
  function isStale(): boolean {
    return current !== undefined && !failing && hasPassed(maxIdleAgeMs, loadedAtMs, clock());
  }

  return {
    isStale,
    load: async () => (current === undefined ? load() : undefined),
    keepFresh,
    async findKey(header, wait) {
      if (isStale()) {
        await waitForFetch(load(), wait);
      }
      keepFresh();
      if (current === undefined && (pending !== undefined || mayLoad())) {
        await waitForFetch(load(), wait);
      }
      if (current === undefined) {
        throw new TokenRejectedError<JwtReason>("keys_unavailable", false);
      }
      try {
        return await current.find(header);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) {
          throw error;
        }
        if (pending === undefined && !mayLoad()) {
          throw describeMiss(error);
        }
        if (pending === undefined) {
          coolsSinceMs = clock();
        }
        await waitForFetch(load(), wait);
        return current.find(header).catch((miss: unknown) => {
          throw describeMiss(miss);
        });
      }
    },
    close() {
      closed.abort();
    },
    get status() {
      return {
        issuer,
        loadedAtMs: successCount === 0 ? undefined : loadedAtMs,
        successCount,
        failureCount,
      };
    },
  };
}
