import type { PublicCallLimit } from "../call/public-call-stage.js";
import { StreamPlaces } from "../limits/stream-places.js";

const healthWatchesPerConnection = 8;
const reflectionStreamsPerConnection = 4;
const maxReflectionStreams = 1000;
const maxReflectionAgeMs = 60_000;
const unfinishedCallsPerConnection = 32;
/** Each uses about 5 KB while its client can still send. */
const maxUnfinishedCalls = 10_000;

/** Counts the calls of this process that need no token. Outlives configurations. */
export interface PublicCallLimits {
  readonly health: PublicCallLimit;
  readonly reflection: PublicCallLimit;
}

/**
 * A health watch is never ended because of its age, because gRPC clients would consider the server down.
 *
 * @param readHealthWatches returns the current `limits.healthWatches`
 */
export function createPublicCallLimits(readHealthWatches: () => number): PublicCallLimits {
  const unfinished = new StreamPlaces(unfinishedCallsPerConnection, () => maxUnfinishedCalls);
  return {
    health: {
      streams: new StreamPlaces(healthWatchesPerConnection, readHealthWatches),
      unfinished,
    },
    reflection: {
      streams: new StreamPlaces(reflectionStreamsPerConnection, () => maxReflectionStreams),
      unfinished,
      maxStreamAgeMs: maxReflectionAgeMs,
    },
  };
}
