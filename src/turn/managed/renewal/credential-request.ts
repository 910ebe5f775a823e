import type { Clock } from "../../../clock.js";
import { OutgoingError, type OutgoingHttp } from "../../../outgoing/outgoing-http.js";
import type { ManagedCredential } from "../managed-credential.js";
import { ManagedError } from "../managed-error.js";
import type { ManagedService } from "../managed-service.js";

/** A list of ICE servers has a few kilobytes at most. */
const maxBytes = 64 * 1024;
const hourMs = 3_600_000;

/**
 * Asks a service for a credential.
 * @throws ManagedError (rejects with it) when the service gives none
 */
export async function requestCredential(
  service: ManagedService,
  outgoing: Pick<OutgoingHttp, "send">,
  clock: Clock,
  signal: AbortSignal,
): Promise<ManagedCredential> {
  const { url, ...request } = service.createRequest();
  const { timeoutMs } = service;
  const answer = await outgoing
    .send(url, { ...request, timeoutMs, maxBytes, signal })
    .catch((error: unknown) => {
      throw error instanceof OutgoingError ? new ManagedError("unreachable", error.message) : error;
    });
  const { status } = answer;
  if (status !== 200 && status !== 201) {
    throw new ManagedError(
      status === 429 ? "rate-limited" : "status",
      `HTTP status ${status}`,
      parseRetryAfter(answer.headers.get("retry-after"), clock()),
    );
  }
  return service.readResponse(parseJson(answer.text));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error would quote the text.
    throw new ManagedError("malformed", "the response is not JSON");
  }
}

/**
 * Reads Retry-After (RFC 9110 section 10.2.3): seconds, or a date.
 *
 * @returns whole seconds from 0 on; undefined if it is neither
 */
function parseRetryAfter(text: string | null, nowMs: number): number | undefined {
  const written = text?.trim() ?? "";
  if (/^\d{1,10}$/.test(written)) {
    return Number(written);
  }
  // Other texts that Date accepts, such as "-1", are not HTTP dates.
  const atMs = /^[A-Z][a-z]{2,8}, /.test(written) ? Date.parse(written) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}

/** Counts the requests of the last hour. */
export class RequestLimit {
  /** When each was made, in Unix milliseconds; as many as there may be. */
  #madeAtMs: readonly number[] = [];

  /** @param maxPerHour undefined is no limit */
  constructor(public maxPerHour: number | undefined) {}

  add(nowMs: number): void {
    this.#madeAtMs =
      this.maxPerHour === undefined ? [] : [...this.#madeAtMs, nowMs].slice(-this.maxPerHour);
  }

  /** How long there may be no other, in milliseconds. A clock that was set back does not stretch it. */
  findWaitMs(nowMs: number): number {
    // Of a list that is longer since the limit was lowered, only the last ones count.
    const oldest = this.maxPerHour === undefined ? undefined : this.#madeAtMs.at(-this.maxPerHour);
    return oldest === undefined ? 0 : Math.min(hourMs, Math.max(0, oldest + hourMs - nowMs));
  }
}
