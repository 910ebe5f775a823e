import { findElapsedMs, type Moment, readMoment } from "./elapsed-time.js";
import { readEvents } from "./event-stream.js";
import { type IceServerList, toIceServerList } from "./ice-server-list.js";
import { IceServiceError, toServiceError } from "./service-error.js";
import {
  createSender,
  defaultTimeoutMs,
  isTransient,
  type ServiceOptions,
  untilAbort,
} from "./service-requests.js";

export interface GetOptions {
  /** The share of its life after which a cached list is replaced, 0 to 1. 0.75 by default. */
  readonly maxAgeShare?: number;
  /** The age after which it is replaced in any case, in milliseconds. */
  readonly maxAgeMs?: number;
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
/** A list without credentials is asked for again after three quarters of this time. */
const lifeWithoutTurnSeconds = 800;
/** The same where there have been credentials: the service's provider of TURN may be away for a moment. */
const lifeSinceTurnSeconds = 160;
/** The service sends something at least every 20 s. */
const silenceMs = 65_000;
const minDelayMs = 1000;
const maxDelayMs = 30_000;
/** Shorter, because a call that has lost contact waits for the next list. */
const maxGetDelayMs = 10_000;
/** What a service or a proxy asks for beyond this is not waited for, or it could end a call. */
const maxRetryAfterMs = 60_000;
/** The longest sleep before the clocks are looked at: no timer runs while the device sleeps. */
const maxSleepMs = 30_000;
/** A longer timer would end at once. */
const maxTimerMs = 2 ** 31 - 1;
/** Where streams do not get through, one is tried again after this time. */
const streamRetryMs = 600_000;
/** So many streams without a single message in a row, and the way there does not let them through. */
const maxSilentStreams = 2;
/** The status of what has no such stream, such as an old proxy or another service. */
const withoutStreams = [404, 405, 406, 415, 501];

/** Gets lists from one service, for one caller. Nothing is sent before the first call. */
export function createIceServerSource(options: ServiceOptions): IceServerSource {
  const send = createSender(options);
  const timeoutMs = Math.min(options.timeoutMs ?? defaultTimeoutMs, maxTimerMs);
  const receivedAt = new WeakMap<IceServerList, Moment>();
  let last: IceServerList | undefined;
  let hadTurn = false;
  let pending: Promise<IceServerList> | undefined;
  let failures = 0;
  /** No request is sent until this delay is over, as long as the last list lives. */
  let delay: { readonly since: Moment; readonly ms: number } | undefined;

  function keep(value: unknown): IceServerList {
    last = toIceServerList(value);
    hadTurn ||= last.ttlSeconds !== undefined;
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

  function findFreshMs(
    list: IceServerList,
    { maxAgeShare = defaultMaxAgeShare, maxAgeMs = Number.POSITIVE_INFINITY }: GetOptions = {},
  ): number {
    const lifeMs =
      (list.ttlSeconds ?? (hadTurn ? lifeSinceTurnSeconds : lifeWithoutTurnSeconds)) * 1000;
    return Math.min(lifeMs * maxAgeShare, maxAgeMs) - findAgeMs(list);
  }

  async function request(): Promise<IceServerList> {
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = send("/api/v1/ice-servers", "application/json", signal);
    const body = sent.then((response) => response.json());
    return keep(await untilAbort(body, signal));
  }

  /**
   * Whether another try may succeed. From where a list has come, a 404 that is not in the service's form
   * comes from a proxy, which has lost its route while the service restarts.
   */
  function canPass(error: unknown): boolean {
    return (
      isTransient(error) ||
      (last !== undefined &&
        error instanceof IceServiceError &&
        error.status === 404 &&
        error.code === "unknown")
    );
  }

  function noteFailure(error: unknown): never {
    if (canPass(error)) {
      failures += 1;
      const ms = findDelayMs(failures, maxGetDelayMs) + findRetryAfterMs(error);
      delay = { since: readMoment(), ms };
    }
    throw error;
  }

  async function get(age: GetOptions = {}): Promise<IceServerList> {
    const waits = delay !== undefined && findElapsedMs(delay.since) < delay.ms;
    if (last !== undefined && (findFreshMs(last, age) > 0 || (waits && isAlive(last)))) {
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
      if (last !== undefined && isAlive(last) && canPass(error)) {
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
    const ending = new AbortController();
    // AbortSignal.any would be shorter, but leaks on Node 20 where the signal lives on (nodejs/node#55351).
    const end = () => ending.abort(signal.reason);
    signal.addEventListener("abort", end);
    // Where streams do not get through, a request is sent while the last list lives.
    const leftMs = last === undefined || !isAlive(last) ? timeoutMs : findLifeLeftMs(last) / 2;
    let timer = setTimeout(abortSilent, Math.min(timeoutMs, leftMs));
    function abortSilent() {
      ending.abort(new Error("the service has sent nothing for too long"));
    }
    try {
      const response = await untilAbort(
        send("/api/v1/ice-servers:watch", "text/event-stream", ending.signal),
        ending.signal,
      );
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
      signal.removeEventListener("abort", end);
      ending.abort();
    }
  }

  async function* watch({
    signal = new AbortController().signal,
  } = {}): AsyncGenerator<IceServerList, undefined> {
    let failures = 0;
    let silentStreams = 0;
    let polls = false;
    let latest: IceServerList | undefined;
    let yielded: string | undefined;
    while (!signal.aborted) {
      let retryAfterMs = 0;
      const openedAt = readMoment();
      silentStreams += 1;
      try {
        for await (const list of stream(signal)) {
          silentStreams = 0;
          polls = false;
          latest = list;
          yielded = JSON.stringify(list.iceServers);
          yield list;
        }
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        if (error instanceof IceServiceError && withoutStreams.includes(error.status)) {
          silentStreams = Math.max(silentStreams, maxSilentStreams);
        } else if (!canPass(error) && !hasTokenEnded(error)) {
          throw error;
        }
        retryAfterMs = findRetryAfterMs(error);
      }
      failures = findElapsedMs(openedAt) > maxDelayMs ? 1 : failures + 1;
      // What a stream did not bring, a request may. If one gets through now, the service is not away.
      const list = await get(silentStreams === maxSilentStreams ? { maxAgeMs: 0 } : {}).catch(
        (error: unknown) => {
          if (!canPass(error) && !signal.aborted) {
            throw error;
          }
          retryAfterMs = Math.max(retryAfterMs, findRetryAfterMs(error));
          return undefined;
        },
      );
      if (signal.aborted) {
        return;
      }
      if (list !== undefined && JSON.stringify(list.iceServers) !== yielded) {
        yielded = JSON.stringify(list.iceServers);
        yield list;
      }
      polls ||= list !== undefined && list !== latest && silentStreams >= maxSilentStreams;
      latest = list ?? latest;
      if (!polls || list === undefined || findFreshMs(list) <= 0) {
        await sleep(findDelayMs(failures, maxDelayMs) + retryAfterMs, signal);
        continue;
      }
      const polledAt = readMoment();
      do {
        await sleep(Math.min(findFreshMs(list), maxSleepMs), signal);
      } while (findFreshMs(list) > 0 && findElapsedMs(polledAt) < streamRetryMs && !signal.aborted);
    }
  }

  return { get, watch, findLifeLeftMs };
}

/** Whether a stream has ended because its token has. The next one asks for another token. */
function hasTokenEnded(error: unknown): boolean {
  return (
    error instanceof IceServiceError && error.status === 200 && error.code === "unauthenticated"
  );
}

function findRetryAfterMs(error: unknown): number {
  return error instanceof IceServiceError ? Math.min(error.retryAfterMs ?? 0, maxRetryAfterMs) : 0;
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
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) {
      end();
    }
  });
}
