import type { DatabaseLocation } from "./database-location.js";
import { TurnDatabaseError, type TurnSecretStore } from "./turn-secret-store.js";

/** A realm's length in coturn's tables, without what could not be typed there. */
const realmPattern = /^[^\p{C}]{1,127}$/u;

/**
 * Opens the secrets of one realm. The libraries are loaded only here, by the kind of the database.
 *
 * @param env where passwords are looked for that the location leaves out
 * @throws TurnDatabaseError when the database cannot be used
 */
export async function openTurnSecretStore(
  location: DatabaseLocation,
  realm: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<TurnSecretStore> {
  if (!realmPattern.test(realm)) {
    throw new TurnDatabaseError(
      "the realm is not 1 to 127 printable characters",
      "Give the realm of turnserver.conf with --realm",
    );
  }
  switch (location.kind) {
    case "redis": {
      const { openRedisStore } = await import("./redis-store.js");
      return openRedisStore(location.url, realm, env["REDISCLI_AUTH"] ?? "");
    }
    case "postgres": {
      const { openPostgresStore } = await import("./postgres-store.js");
      return openPostgresStore(location.url, realm);
    }
    case "sqlite": {
      const { openSqliteStore } = await import("./sqlite-store.js");
      return openSqliteStore(location.file, realm);
    }
  }
}
