import type { PublicStreamLimit } from "../call/public-stream-stage.js";
import { StreamPlaces } from "../limits/stream-places.js";

const healthWatchesPerConnection = 8;
const reflectionStreamsPerConnection = 4;
const maxReflectionStreams = 1000;
const maxReflectionAgeMs = 60_000;

/** How many streams of this process need no token. Outlives configurations. */
export interface PublicStreamLimits {
  readonly health: PublicStreamLimit;
  readonly reflection: PublicStreamLimit;
}

/**
 * A health watch is never ended because of its age: gRPC clients would consider the server down.
 * @param readHealthWatches `limits.healthWatches`, as it is now
 */
export function createPublicStreamLimits(readHealthWatches: () => number): PublicStreamLimits {
  return {
    health: { places: new StreamPlaces(healthWatchesPerConnection, readHealthWatches) },
    reflection: {
      places: new StreamPlaces(reflectionStreamsPerConnection, () => maxReflectionStreams),
      maxAgeMs: maxReflectionAgeMs,
    },
  };
}
