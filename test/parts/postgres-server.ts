import { readdirSync } from "node:fs";
import { chown, copyFile } from "node:fs/promises";
import { acceptsTcp, runProgram, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface PostgresServer {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Runs SQL with psql and returns the rows, one a line. */
  run(sql: string): Promise<string[]>;
  stop(): Promise<void>;
}

const versions = "/usr/lib/postgresql";
/** PostgreSQL refuses to run as root: nobody has to do. */
const nobody = 65534;
const asNobody =
  process.getuid?.() === 0
    ? ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"]
    : [];

/** Starts a PostgreSQL in a directory of its own, on loopback, with coturn's schema. */
export async function startPostgresServer(
  certificate?: Readonly<Record<"certFile" | "keyFile", string>>,
): Promise<PostgresServer> {
  const [version = ""] = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
  const program = (name: string) => [...asNobody, `${versions}/${version}/bin/${name}`] as const;
  const port = await findFreePort();
  const account = { user: "turn", password: "postgres-p@ss", database: "postgres" };
  const directory = await createTemporaryDirectory("postgres");
  const passwordFile = await directory.write("password", account.password);
  const serverFiles = [directory.path, passwordFile];
  const tls: string[] = [];
  if (certificate !== undefined) {
    const [certFile, keyFile] = [
      `${directory.path}/cert.pem`,
      `${directory.path}/key.pem`,
    ] as const;
    await copyFile(certificate.certFile, certFile);
    await copyFile(certificate.keyFile, keyFile);
    serverFiles.push(certFile, keyFile);
    tls.push("-c", "ssl=on", "-c", `ssl_cert_file=${certFile}`, "-c", `ssl_key_file=${keyFile}`);
  }
  if (asNobody.length > 0) {
    await Promise.all(serverFiles.map((file) => chown(file, nobody, nobody)));
  }
  const data = `${directory.path}/data`;
  const [initCommand, ...initArgs] = program("initdb");
  await runProgram(initCommand, [
    ...initArgs,
    ...["-D", data, "-U", account.user, "-A", "scram-sha-256", `--pwfile=${passwordFile}`],
    ...["--no-locale", "-E", "UTF8", "--no-sync"],
  ]);
  const [command, ...args] = program("postgres");
  const child = startProcess({
    name: "postgres",
    command,
    args: [
      ...args,
      ...["-D", data, "-p", `${port}`, "-c", "listen_addresses=127.0.0.1", "-F"],
      ...["-c", "unix_socket_directories="],
      ...tls,
    ],
    cwd: directory.path,
  });
  const psql = (...options: readonly string[]) =>
    runProgram(
      "psql",
      ["-X", "-At", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", `${port}`].concat(
        ["-U", account.user, account.database],
        options,
      ),
      { env: { PATH: process.env["PATH"], PGPASSWORD: account.password } },
    );
  async function stop() {
    // Fast shutdown: it does not wait for its clients.
    await child.stop("SIGINT");
    await directory.remove();
  }
  try {
    await child.untilReady(() => acceptsTcp(port));
    await child.untilReady(() => psql("-c", "SELECT 1").then(() => true));
    await psql("-f", "/usr/share/coturn/schema.sql");
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    ...account,
    async run(sql) {
      const { stdout } = await psql("-c", sql);
      return stdout.split("\n").filter((line) => line !== "");
    },
    stop,
  };
}
