import type { TestCertificate } from "./certificate.js";
import { acceptsTcp, runProgram, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface RedisServerOptions {
  /** The program to run: Debian's Redis by default. */
  readonly program?: string;
  /** A free one by default; that of one that was stopped, to start it anew. */
  readonly port?: number;
  readonly password?: string;
  /** With it, the port takes TLS only. */
  readonly certificate?: Pick<TestCertificate, "caFile" | "certFile" | "keyFile">;
  /** Further lines of its configuration. */
  readonly settings?: readonly string[];
  /** Whether it is a Sentinel, which keeps its own configuration in its directory. */
  readonly isSentinel?: boolean;
}

export interface RedisServer {
  readonly port: number;
  /** With the password, if there is one. */
  readonly url: string;
  output(): string;
  /** Runs one command with redis-cli, and returns its lines. */
  run(...command: readonly string[]): Promise<string[]>;
  /** SIGSTOP makes it hang, SIGCONT go on. */
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** Starts Redis on a loopback port, empty, with nothing kept on disk. */
export async function startRedisServer({
  program = "redis-server",
  port: givenPort,
  password,
  certificate,
  settings = [],
  isSentinel = false,
}: RedisServerOptions = {}): Promise<RedisServer> {
  const port = givenPort ?? (await findFreePort());
  const directory = await createTemporaryDirectory("redis");
  const configFile = await directory.write(
    "redis.conf",
    `
bind 127.0.0.1
${certificate === undefined ? `port ${port}` : printTls(port, certificate)}
${isSentinel ? "" : 'save ""\nappendonly no'}
dir ${directory.path}
${password === undefined ? "" : `requirepass ${password}`}
${settings.join("\n")}
`,
  );
  const child = startProcess({
    name: program,
    command: program,
    args: [configFile, ...(isSentinel ? ["--sentinel"] : [])],
    cwd: directory.path,
  });
  async function stop() {
    child.signal("SIGCONT");
    await child.stop();
    await directory.remove();
  }
  try {
    await child.untilReady(() => acceptsTcp(port));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    url: `${certificate === undefined ? "redis" : "rediss"}://${password === undefined ? "" : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    output: child.stdout,
    async run(...command) {
      const env = { PATH: process.env["PATH"], ...(password && { REDISCLI_AUTH: password }) };
      const security = certificate === undefined ? [] : ["--tls", "--cacert", certificate.caFile];
      const args = ["-p", `${port}`, ...security, ...command];
      const { stdout } = await runProgram("redis-cli", args, { env });
      return stdout.split("\n").filter((line) => line !== "");
    },
    signal: child.signal,
    stop,
  };
}

function printTls(
  port: number,
  { caFile, certFile, keyFile }: NonNullable<RedisServerOptions["certificate"]>,
) {
  return `
port 0
tls-port ${port}
tls-cert-file ${certFile}
tls-key-file ${keyFile}
tls-ca-cert-file ${caFile}
tls-auth-clients no
tls-replication yes
`;
}
