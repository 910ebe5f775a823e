import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import {
  checkSecretCount,
  databaseTimeoutMs,
  maxSecrets,
  TurnDatabaseError,
  type TurnSecretStore,
} from "./turn-secret-store.js";

/**
 * Opens coturn's SQLite database, its table `turn_secret`, with the program `sqlite3`, whose locks
 * coturn knows. The libraries without native code either write the file as a whole or lock it in a
 * way of their own: coturn, reading meanwhile, would take the writer's journal for that of a crash
 * and roll it back. Node's own module comes with Node 22.
 *
 * @throws TurnDatabaseError when it cannot be used
 */
export async function openSqliteStore(file: string, realm: string): Promise<TurnSecretStore> {
  const inRealm = `realm = ${literal(realm)}`;
  const store: TurnSecretStore = {
    async list() {
      const sql = `SELECT hex(value) FROM turn_secret WHERE ${inRealm} LIMIT ${maxSecrets + 1};`;
      const values = (await runSql(file, sql)).split("\n").filter((line) => line !== "");
      checkSecretCount(values.length);
      return values.map((hex) => Buffer.from(hex, "hex").toString("utf8"));
    },
    async add(secret) {
      const values = `${literal(realm)}, ${literal(secret)}`;
      await runSql(file, `INSERT OR IGNORE INTO turn_secret (realm, value) VALUES (${values});`);
    },
    async remove(secret) {
      // Else the deleted bytes stay in the file.
      const overwrite = "PRAGMA secure_delete = ON;";
      const sql = `DELETE FROM turn_secret WHERE ${inRealm} AND value = ${literal(secret)};`;
      await runSql(file, `${overwrite}\n${sql}`);
    },
    async close() {},
  };
  await store.list();
  return store;
}

/** Text that no quote can end. */
function literal(value: string): string {
  return `CAST(x'${Buffer.from(value, "utf8").toString("hex")}' AS TEXT)`;
}

/** The statements, which hold secrets, go through standard input: nobody sees them in `ps`. */
async function runSql(file: string, sql: string): Promise<string> {
  const timeoutMs = databaseTimeoutMs;
  // mode=rw: a file that is not there is not made.
  const url = `${pathToFileURL(file).href}?mode=rw`;
  const child = spawn(
    "sqlite3",
    ["-batch", "-bail", "-init", "/dev/null", "-cmd", `.timeout ${timeoutMs}`, url],
    { stdio: ["pipe", "pipe", "pipe"], timeout: 2 * timeoutMs, killSignal: "SIGKILL" },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", () =>
      reject(
        new TurnDatabaseError(
          "the program sqlite3 cannot be run",
          "Install it, on Debian with: apt-get install sqlite3",
        ),
      ),
    );
    child.once("close", resolve);
  });
  // It may end before it has read all.
  child.stdin.on("error", () => {});
  child.stdin.end(`${sql}\n`);
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) {
    throw describeFailure(errors, file);
  }
  return output;
}

/** sqlite3 repeats the statement in some of its messages, so none of them is passed on. */
function describeFailure(errors: string, file: string): TurnDatabaseError {
  if (/no such table/.test(errors)) {
    return new TurnDatabaseError(
      `${file} has no table turn_secret`,
      "Give the file that coturn names as userdb; coturn makes the table as it starts",
    );
  }
  if (/database is locked/.test(errors)) {
    return new TurnDatabaseError(
      `${file} is locked by another program`,
      "Try again once it has finished",
    );
  }
  if (/readonly/.test(errors)) {
    return new TurnDatabaseError(
      `${file} may not be written`,
      "Run this as the user that coturn runs as, or as root",
    );
  }
  return new TurnDatabaseError(
    `${file} cannot be used as an SQLite database`,
    "Check that it exists, and that this user can read and write it",
  );
}
