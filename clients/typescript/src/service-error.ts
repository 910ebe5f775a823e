/** The service has answered with an error. */
export class IceServiceError extends Error {
  override readonly name = "IceServiceError";
  /** The HTTP status. 200 when a stream has ended with the error. */
  readonly status: number;
  /** The code of the error, such as `unauthenticated`, `invalid_argument`, or `unavailable`. */
  readonly code: string;
  /** How long the service asks to wait, in milliseconds (Retry-After). */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, status: number, code: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request can succeed later. */
  get isTransient(): boolean {
    // A proxy's answer has a status, but no code.
    return this.status === 200
      ? transientCodes.has(this.code)
      : this.status >= 500 || [408, 425, 429].includes(this.status);
  }
}

const transientCodes = new Set([
  "unavailable",
  "resource_exhausted",
  "internal",
  "unknown",
  "deadline_exceeded",
  "aborted",
]);

/** Reads problem details (RFC 9457), or whatever a proxy has sent instead. */
export async function readServiceError(response: Response): Promise<IceServiceError> {
  const problem = await response.json().catch(() => undefined);
  return toServiceError(problem, response.status, readRetryAfterMs(response));
}

/** Reads Retry-After (RFC 9110 section 10.2.3): seconds, or a date. */
function readRetryAfterMs({ headers }: Response): number | undefined {
  const value = headers.get("retry-after") ?? "";
  const sentMs = Date.parse(headers.get("date") ?? "") || Date.now();
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - sentMs;
  return ms >= 0 ? ms : undefined;
}

/** @param problem problem details, or anything else */
export function toServiceError(
  problem: unknown,
  status: number,
  retryAfterMs?: number,
): IceServiceError {
  const { code, detail } = Object(problem);
  return new IceServiceError(
    typeof detail === "string" ? detail : `the service answered with status ${status}`,
    status,
    typeof code === "string" ? code : "unknown",
    retryAfterMs,
  );
}
