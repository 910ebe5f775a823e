import type { RedisOptions } from "ioredis";
import { revealSecret } from "../config/file-kinds.js";
import { readRedisUrl } from "../database-url.js";
import type { RedisConfig } from "./redis-config.js";

/** How often Redis is tried while it is away. */
export const retryIntervalMs = 1_000;
const connectTimeoutMs = 2_000;

/** The one option that has two types in ioredis is left out. */
type Options = Omit<RedisOptions, "replyMapping">;

/** How to connect, so that nothing waits that would be too late anyway. */
export function readRedisOptions(config: RedisConfig): Options {
  return {
    ...readPlace(config),
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
  };
}

function readPlace({ location, authorities, sentinel }: RedisConfig): Options {
  const { host, port, tls, ...access } = readRedisUrl(new URL(location.export().toString()));
  const security = tls && (authorities === undefined ? tls : { ca: authorities });
  if (sentinel === undefined) {
    return { ...access, host, port, ...(security && { tls: security }) };
  }
  return {
    ...access,
    name: host,
    role: "master",
    sentinels: [...sentinel.addresses],
    // Only those that the operator has named, and could name anew, are trusted.
    updateSentinels: false,
    sentinelCommandTimeout: connectTimeoutMs,
    sentinelRetryStrategy: () => retryIntervalMs,
    ...(sentinel.username !== undefined && { sentinelUsername: sentinel.username }),
    ...(sentinel.passwordFile && { sentinelPassword: revealSecret(sentinel.passwordFile) }),
    ...(security && { tls: security, sentinelTLS: security, enableTLSForSentinelMode: true }),
  };
}
