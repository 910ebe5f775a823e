import type { HeaderList } from "./settings.js";

/**
 * Makes what counts a call and prints the RateLimit field, for the one caller that there is;
 * undefined where the service was not seen to send one.
 */
export function createRateLimitPrinter(headers: HeaderList): (() => string) | undefined {
  const find = (wanted: string) => headers.find(([name]) => name === wanted)?.[1];
  const policy = /^(".*");q=(\d+);w=(\d+)$/.exec(find("ratelimit-policy") ?? "");
  if (policy === null || find("ratelimit") === undefined) {
    return undefined;
  }
  const [, name = "", requests = "", windowSeconds = ""] = policy;
  let endsAtMs = 0;
  let left = 0;
  return () => {
    const nowMs = Date.now();
    if (nowMs >= endsAtMs) {
      endsAtMs = nowMs + Number(windowSeconds) * 1000;
      left = Number(requests);
    }
    left -= 1;
    return `${name};r=${left};t=${Math.ceil((endsAtMs - nowMs) / 1000)}`;
  };
}
