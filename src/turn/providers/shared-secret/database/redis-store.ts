import { Redis } from "ioredis";
import { readRedisUrl } from "../../../../database-url.js";
import { findErrorCode } from "../../../../errors.js";
import {
  checkSecretCount,
  databaseTimeoutMs,
  TurnDatabaseError,
  type TurnSecretStore,
} from "./turn-secret-store.js";

/**
 * Opens coturn's Redis database: a set for each realm.
 *
 * @param url `redis:` or `rediss:`
 * @param password when the URL has none
 * @throws TurnDatabaseError when it cannot be reached
 */
export async function openRedisStore(
  url: URL,
  realm: string,
  password: string,
): Promise<TurnSecretStore> {
  const address = readRedisUrl(url);
  const redis = new Redis({
    ...address,
    password: address.password || password,
    lazyConnect: true,
    // It asks for INFO, which such a user need not be allowed.
    enableReadyCheck: false,
    connectTimeout: databaseTimeoutMs,
    commandTimeout: databaseTimeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Errors reach the code that waits for a command; without a listener it would be printed.
  let lastError: Error | undefined;
  redis.on("error", (error: Error) => {
    lastError = error;
  });
  const key = `turn/realm/${realm}/secret`;
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw new TurnDatabaseError(
      `cannot connect to Redis (${describeError(lastError ?? error)})`,
      "Check host, port and database; give the password in a file (--turn-db-file) or in REDISCLI_AUTH",
    );
  }
  return {
    async list() {
      checkSecretCount(await run(redis.scard(key)));
      return run(redis.smembers(key));
    },
    add: (secret) => run(redis.sadd(key, secret)).then(() => {}),
    remove: (secret) => run(redis.srem(key, secret)).then(() => {}),
    async close() {
      redis.disconnect();
    },
  };
}

async function run<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    throw new TurnDatabaseError(
      `Redis did not do it (${describeError(error)})`,
      "Check that this user may SCARD, SMEMBERS, SADD and SREM on turn/realm/*",
    );
  }
}

/** A reply of Redis may repeat the arguments of the command, so only its first word is reported. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) {
    return "unknown error";
  }
  const told = error.name === "ReplyError" ? (error.message.split(" ")[0] ?? "") : error.message;
  return findErrorCode(error) ?? told;
}
