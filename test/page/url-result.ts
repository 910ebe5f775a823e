import type { UrlResult } from "../../page/diagnosis.js";
import { readIceUrl } from "../../page/ice-url.js";

/** What the page knows of a URL after a test. A TURN URL that works has a relay at 11.0.0.10. */
export function createUrlResult(text: string, change: Partial<UrlResult> = {}): UrlResult {
  const url = readIceUrl(text);
  const state = change.state ?? "works";
  const candidate = {
    ...{ type: url.isTurn ? "relay" : "srflx", address: url.isTurn ? "11.0.0.10" : "11.0.2.1" },
    ...{ port: 50_000, protocol: "udp", url: text, atMs: 12 },
  };
  return {
    ...{ url, state, durationMs: 12, candidates: state === "works" ? [candidate] : [] },
    ...(url.isTurn && state === "works" && { relay: createRelay() }),
    ...change,
  };
}

export function createRelay(
  quality: "good" | "poor" = "good",
  reconnection: { durationMs: number } | { failure: string } = { durationMs: 60 },
): NonNullable<UrlResult["relay"]> {
  const direction = { lossPercent: 0, jitterMs: 1 };
  return {
    openMs: 100,
    reconnection,
    traffic: {
      ...{ sentCount: 400, returnedCount: 400, outbound: direction, inbound: direction },
      ...{ roundTripMs: 20, roundTripP95Ms: 25, receivedBitsPerSecond: 8e5 },
      ...{ quality, samples: [] },
    },
  };
}
