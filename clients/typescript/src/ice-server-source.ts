import { findElapsedMs, type Moment, readMoment } from "./elapsed-time.js";
import { readEvents } from "./event-stream.js";
import { type IceServerList, toIceServerList } from "./ice-server-list.js";
import { IceServiceError, toServiceError } from "./service-error.js";
import {
  createSender,
  defaultTimeoutMs,
  isTransient,
  type ServiceOptions,
} from "./service-requests.js";

export interface GetOptions {
  /** The share of its life after which a cached list is replaced, 0 to 1. 0.75 by default. */
  readonly maxAgeShare?: number;
}

export interface IceServerSource {
  /**
   * Returns the list, from the cache while less than three quarters of its life have passed. Calls at the
   * same time share one request. When the request fails, the last list is returned while it lives, and
   * the next request waits for 1 s, then longer each time, up to about 10 s.
   *
   * Rejects with an IceServiceError, with what `fetch` rejects with, or with what `getToken` throws.
   */
  get(options?: GetOptions): Promise<IceServerList>;
  /**
   * Yields the list at once, and again before it expires and whenever it changes. Reconnects by itself
   * with growing delays, and polls where streams do not get through. Ends when the signal is aborted.
   *
   * Throws when the service rejects the request for good, such as with a token that was revoked.
   */
  watch(options?: { readonly signal?: AbortSignal }): AsyncGenerator<IceServerList, undefined>;
  /**
   * How much of a list's life is left, in milliseconds, less than 0 when it has expired. Infinity for a
   * list without credentials.
   */
  findLifeLeftMs(list: IceServerList): number;
}

const defaultMaxAgeShare = 0.75;
/** A list without credentials is asked for again after this time, in milliseconds. */
const listWithoutLifeMs = 600_000;
/** The service sends something at least every 20 s. */
const silenceMs = 65_000;
const minDelayMs = 1000;
const maxDelayMs = 30_000;
/** Shorter, because a call that has lost contact waits for the next list. */
const maxGetDelayMs = 10_000;
/** So many streams without a single message in a row, and the way there does not let them through. */
const maxSilentStreams = 2;
/** The status of what has no such stream, such as an old proxy or another service. */
const withoutStreams = [404, 405, 406, 415, 501];

/** Gets lists from one service, for one caller. Nothing is sent before the first call. */
export function createIceServerSource(options: ServiceOptions): IceServerSource {
  const send = createSender(options);
  const { timeoutMs = defaultTimeoutMs } = options;
  const receivedAt = new WeakMap<IceServerList, Moment>();
  let last: IceServerList | undefined;
  let pending: Promise<IceServerList> | undefined;
  let failures = 0;
  /** No request is sent until this delay is over, as long as the last list lives. */
  let delay: { readonly since: Moment; readonly ms: number } | undefined;

  function keep(value: unknown): IceServerList {
    last = toIceServerList(value);
    failures = 0;
    delay = undefined;
    receivedAt.set(last, readMoment());
    return last;
  }

  function findAgeMs(list: IceServerList): number {
    const moment = receivedAt.get(list);
    return moment === undefined ? Number.POSITIVE_INFINITY : findElapsedMs(moment);
  }

  function findLifeLeftMs(list: IceServerList): number {
    return list.ttlSeconds === undefined
      ? Number.POSITIVE_INFINITY
      : list.ttlSeconds * 1000 - findAgeMs(list);
  }

  function findFreshMs(list: IceServerList, maxAgeShare = defaultMaxAgeShare): number {
    const lifeMs = list.ttlSeconds === undefined ? undefined : list.ttlSeconds * 1000;
    return (lifeMs === undefined ? listWithoutLifeMs : lifeMs * maxAgeShare) - findAgeMs(list);
  }

  async function request(): Promise<IceServerList> {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await send("/api/v1/ice-servers", "application/json", signal);
    return keep(await response.json());
  }

  function noteFailure(error: unknown): never {
    if (isTransient(error)) {
      failures += 1;
      const ms = Math.max(findDelayMs(failures, maxGetDelayMs), findRetryAfterMs(error));
      delay = { since: readMoment(), ms };
    }
    throw error;
  }

  async function get({ maxAgeShare }: GetOptions = {}): Promise<IceServerList> {
    const waits = delay !== undefined && findElapsedMs(delay.since) < delay.ms;
    if (last !== undefined && (findFreshMs(last, maxAgeShare) > 0 || (waits && isAlive(last)))) {
      return last;
    }
    pending ??= request()
      .catch(noteFailure)
      .finally(() => {
        pending = undefined;
      });
    try {
      return await pending;
    } catch (error) {
      if (last !== undefined && isAlive(last) && isTransient(error)) {
        return last;
      }
      throw error;
    }
  }

  function isAlive(list: IceServerList): boolean {
    return findLifeLeftMs(list) > 0;
  }

  /** Yields the lists of one stream, until it ends. */
  async function* stream(signal: AbortSignal): AsyncGenerator<IceServerList, undefined> {
    const silence = new AbortController();
    let timer = setTimeout(abortSilent, timeoutMs);
    function abortSilent() {
      silence.abort(new Error("the service has sent nothing for too long"));
    }
    try {
      const both = AbortSignal.any([signal, silence.signal]);
      const response = await send("/api/v1/ice-servers:watch", "text/event-stream", both);
      const type = response.headers.get("content-type") ?? "";
      if (response.body === null || !type.startsWith("text/event-stream")) {
        throw new IceServiceError("the response is not a stream of events", 406, "unknown");
      }
      const events = readEvents(response.body, () => {
        clearTimeout(timer);
        timer = setTimeout(abortSilent, silenceMs);
      });
      for await (const { type: eventType, data } of events) {
        if (eventType === "error") {
          throw toServiceError(JSON.parse(data), 200);
        }
        yield keep(JSON.parse(data));
      }
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  async function* watch({
    signal = new AbortController().signal,
  } = {}): AsyncGenerator<IceServerList, undefined> {
    let failures = 0;
    let silentStreams = 0;
    let yielded: string | undefined;
    while (!signal.aborted) {
      const polls = silentStreams >= maxSilentStreams;
      let waitMs = 0;
      try {
        if (!polls) {
          silentStreams += 1;
          for await (const list of stream(signal)) {
            failures = 0;
            silentStreams = 0;
            yielded = JSON.stringify(list.iceServers);
            yield list;
          }
        }
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        if (error instanceof IceServiceError && withoutStreams.includes(error.status)) {
          silentStreams = maxSilentStreams;
        } else if (error instanceof IceServiceError && hasTokenEnded(error)) {
          // The next stream asks for another token. If that is rejected as well, it is an answer of its own.
          continue;
        } else if (!isTransient(error)) {
          throw error;
        } else {
          waitMs = findRetryAfterMs(error);
        }
      }
      failures += 1;
      // What a stream did not bring, a request may.
      const list = await get().catch((error: unknown) => {
        if (!isTransient(error)) {
          throw error;
        }
        waitMs = Math.max(waitMs, findRetryAfterMs(error));
        return undefined;
      });
      if (list !== undefined && JSON.stringify(list.iceServers) !== yielded) {
        yielded = JSON.stringify(list.iceServers);
        yield list;
      }
      const isPolled = list !== undefined && silentStreams >= maxSilentStreams;
      await sleep(
        isPolled
          ? Math.max(findFreshMs(list), minDelayMs)
          : Math.max(findDelayMs(failures, maxDelayMs), waitMs),
        signal,
      );
    }
  }

  return { get, watch, findLifeLeftMs };
}

/** Whether a stream that went well until then has ended because its token has. */
function hasTokenEnded({ status, code }: IceServiceError): boolean {
  return status === 200 && code === "unauthenticated";
}

function findRetryAfterMs(error: unknown): number {
  return error instanceof IceServiceError ? (error.retryAfterMs ?? 0) : 0;
}

/** Twice as long after each failure, and spread, so that the clients of a server do not come back together. */
function findDelayMs(failures: number, maxMs: number): number {
  const delayMs = Math.min(minDelayMs * 2 ** (failures - 1), maxMs);
  return delayMs * (0.5 + Math.random());
}

/** Ends early when the signal is aborted. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    // Longer waits overflow. The loop only looks once more.
    const timer = setTimeout(end, Math.min(ms, 2 ** 31 - 1));
    signal.addEventListener("abort", end);
    if (signal.aborted) {
      end();
    }
  });
}
