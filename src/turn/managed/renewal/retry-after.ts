/**
 * Reads Retry-After (RFC 9110 section 10.2.3): seconds, or a date.
 *
 * @returns whole seconds from 0 on; undefined if it is neither
 */
export function parseRetryAfter(text: string | null, nowMs: number): number | undefined {
  const written = text?.trim() ?? "";
  if (/^\d{1,10}$/.test(written)) {
    return Number(written);
  }
  // Other texts that Date accepts, such as "-1", are not HTTP dates.
  const atMs = /^[A-Z][a-z]{2,8}, /.test(written) ? Date.parse(written) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}
