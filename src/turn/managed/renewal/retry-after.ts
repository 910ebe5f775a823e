/**
 * Reads Retry-After (RFC 9110 section 10.2.3): seconds, or a date.
 * @returns whole seconds from 0 on; undefined where it says neither
 */
export function parseRetryAfter(text: string | null, nowMs: number): number | undefined {
  const written = text?.trim() ?? "";
  if (/^\d+$/.test(written)) {
    return Math.min(Number(written), Number.MAX_SAFE_INTEGER);
  }
  const atMs = parseDate(written);
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}

/** Other texts that Date reads, such as "-1", are no HTTP dates (RFC 9110 section 5.6.7). */
function parseDate(text: string): number {
  if (/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d /.test(text)) {
    // The form of asctime is in UTC, but does not say so.
    return Date.parse(`${text} GMT`);
  }
  return /^[A-Z][a-z]{2,8}, /.test(text) ? Date.parse(text) : Number.NaN;
}
