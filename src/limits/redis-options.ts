import type { RedisOptions } from "ioredis";
import { readRedisUrl } from "../database-url.js";
import type { RedisConfig } from "./redis-config.js";

/** How often Redis is tried while it is away. */
export const retryIntervalMs = 1_000;
const connectTimeoutMs = 2_000;

/** How to connect, so that nothing waits that would be too late anyway. */
export function readRedisOptions({ location }: RedisConfig) {
  return {
    ...readRedisUrl(new URL(location.export().toString())),
    family: 0,
    // With the other, Redis before 6 would need two requests.
    protocol: 2,
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    retryStrategy: () => retryIntervalMs,
    // A count that comes late is worse than none.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // What is asked together is sent together.
    enableAutoPipelining: true,
    // Both need rights that counting does not.
    enableReadyCheck: false,
    disableClientInfo: true,
  } satisfies RedisOptions;
}
