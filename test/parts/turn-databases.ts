import { startPostgresServer } from "./postgres-server.js";
import { startRedisServer } from "./redis-server.js";
import { createSqliteFile } from "./sqlite-file.js";

/** A database that coturn reads secrets from, and its settings on either side. */
export interface TurnDatabase {
  /** For `--turn-db`, with the password. */
  readonly url: string;
  /** For turnserver.conf. */
  readonly coturnLines: readonly string[];
  /** The secrets that the database's own client finds, sorted. */
  listSecrets(realm: string): Promise<string[]>;
  /** Adds a secret with that client. */
  addSecret(realm: string, secret: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Every kind, by its name. */
export const turnDatabases = {
  "SQLite, rollback journal": () => sqlite("DELETE"),
  "SQLite, write-ahead log": () => sqlite("WAL"),
  Redis: async (): Promise<TurnDatabase> => {
    const password = "redis-p%40ss";
    const { port, url, run, stop } = await startRedisServer({ password });
    const options = `ip=127.0.0.1 dbname=2 password=${password} port=${port} connect_timeout=30`;
    return {
      url: `${url}/2`,
      coturnLines: [`redis-userdb="${options}"`],
      listSecrets: async (realm) =>
        (await run("-n", "2", "SMEMBERS", `turn/realm/${realm}/secret`)).sort(),
      addSecret: (realm, secret) => run("-n", "2", "SADD", `turn/realm/${realm}/secret`, secret),
      stop,
    };
  },
  PostgreSQL: async (): Promise<TurnDatabase> => {
    const { port, user, password, database, run, stop } = await startPostgresServer();
    const options = `host=127.0.0.1 port=${port} dbname=${database} user=${user} password=${password} connect_timeout=30`;
    return {
      url: `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
      coturnLines: [`psql-userdb="${options}"`],
      listSecrets: async (realm) => (await run(selectSecrets(realm))).sort(),
      addSecret: (realm, secret) => run(insertSecret(realm, secret)),
      stop,
    };
  },
} as const satisfies Record<string, () => Promise<TurnDatabase>>;

async function sqlite(journalMode: "DELETE" | "WAL"): Promise<TurnDatabase> {
  const { file, run, stop } = await createSqliteFile(journalMode);
  return {
    url: `sqlite:${file}`,
    coturnLines: [`userdb=${file}`],
    listSecrets: async (realm) => (await run(selectSecrets(realm))).sort(),
    addSecret: (realm, secret) => run(insertSecret(realm, secret)),
    stop,
  };
}

const insertSecret = (realm: string, secret: string) =>
  `INSERT INTO turn_secret (realm, value) VALUES ('${realm}', '${secret}')`;
const selectSecrets = (realm: string) =>
  `SELECT value FROM turn_secret WHERE realm = '${realm.replaceAll("'", "''")}'`;
