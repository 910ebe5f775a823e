import pg from "pg";
import { findErrorCode } from "../../../../errors.js";
import {
  checkSecretCount,
  databaseTimeoutMs,
  maxSecrets,
  TurnDatabaseError,
  type TurnSecretStore,
} from "./turn-secret-store.js";

/**
 * Opens coturn's PostgreSQL database, its table `turn_secret`. What the URL leaves out comes from
 * libpq's variables, such as PGPASSWORD.
 *
 * @throws TurnDatabaseError when it cannot be reached
 */
export async function openPostgresStore(url: URL, realm: string): Promise<TurnSecretStore> {
  const client = createClient(url);
  // A lost connection shows at the next statement; without a listener it would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    throw new TurnDatabaseError(
      `cannot connect to PostgreSQL (${describeError(error)})`,
      "Check host, port, user and database; give the password in a file (--turn-db-file) or in PGPASSWORD",
    );
  }
  async function run(text: string, values: readonly (string | number)[]): Promise<unknown[]> {
    try {
      const { rows } = await client.query<{ value: unknown }>({ text, values: [...values] });
      return rows.map(({ value }) => value);
    } catch (error) {
      throw new TurnDatabaseError(
        `PostgreSQL did not do it (${describeError(error)})`,
        "Check that the table turn_secret of coturn's schema exists, and that this user can select, insert and delete",
      );
    }
  }
  return {
    async list() {
      const values = await run("SELECT value FROM turn_secret WHERE realm = $1 LIMIT $2", [
        realm,
        maxSecrets + 1,
      ]);
      checkSecretCount(values.length);
      return values.map(String);
    },
    async add(secret) {
      await run("INSERT INTO turn_secret (realm, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
        realm,
        secret,
      ]);
    },
    async remove(secret) {
      await run("DELETE FROM turn_secret WHERE realm = $1 AND value = $2", [realm, secret]);
    },
    close: () => client.end(),
  };
}

/** @throws TurnDatabaseError when the URL, or a file of certificates that it names, cannot be read */
function createClient(url: URL): pg.Client {
  try {
    return new pg.Client({
      connectionString: url.href,
      application_name: "ice-service",
      connectionTimeoutMillis: databaseTimeoutMs,
      query_timeout: databaseTimeoutMs,
      statement_timeout: databaseTimeoutMs,
    });
  } catch (error) {
    throw new TurnDatabaseError(
      `the URL of PostgreSQL cannot be used (${describeError(error)})`,
      "Check the files that sslrootcert, sslcert and sslkey name, and write %25 for % in the rest",
    );
  }
}

/** The code alone (SQLSTATE, or of the connection): a message may repeat values. */
function describeError(error: unknown): string {
  return findErrorCode(error) ?? (error instanceof Error ? error.message : "unknown error");
}
