/** Tells whether a request from this origin, as its Origin header has it, is allowed. */
export type MatchOrigin = (origin: string) => boolean;

/**
 * @param allowedOrigins origins as browsers send them, and patterns such as `https://*.example.com`,
 *   whose `*` stands for exactly one label
 */
export function createOriginMatcher(allowedOrigins: readonly string[]): MatchOrigin {
  const exact = new Set(allowedOrigins.filter((origin) => !isPattern(origin)));
  const patterns = allowedOrigins.filter(isPattern).map(compilePattern);
  return (origin) => exact.has(origin) || patterns.some((pattern) => pattern.test(origin));
}

function isPattern(origin: string): boolean {
  return origin.includes("*");
}

/** From the first to the last character: a host that only ends or begins alike is somebody else's. */
function compilePattern(pattern: string): RegExp {
  const [start = "", end = ""] = pattern.split("*").map(escapeRegExp);
  return new RegExp(`^${start}[a-z\\d_-]+${end}$`);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
}
