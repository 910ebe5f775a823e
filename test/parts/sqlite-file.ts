import { runProgram } from "./child-process.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface SqliteFile {
  readonly file: string;
  /** Runs SQL with the program sqlite3 and returns the rows, one a line. */
  run(sql: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** Makes an SQLite database with coturn's schema. */
export async function createSqliteFile(
  journalMode: "DELETE" | "WAL",
  name = "turndb",
): Promise<SqliteFile> {
  const directory = await createTemporaryDirectory("sqlite");
  const file = `${directory.path}/${name}`;
  const run = async (sql: string) => {
    const { stdout } = await runProgram("sqlite3", ["-batch", "-cmd", ".timeout 5000", file, sql]);
    return stdout.split("\n").filter((line) => line !== "");
  };
  await run(`PRAGMA journal_mode = ${journalMode};`);
  await run(".read /usr/share/coturn/schema.sql");
  return { file, run, stop: directory.remove };
}
