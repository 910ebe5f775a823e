import { acceptsTcp, runProgram, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface RedisServerOptions {
  /** A free one by default; that of one that was stopped, to start it anew. */
  readonly port?: number;
  readonly password?: string;
  /** With it, the port takes TLS only. */
  readonly certificate?: { readonly certFile: string; readonly keyFile: string };
}

export interface RedisServer {
  readonly port: number;
  /** With the password, if there is one. */
  readonly url: string;
  output(): string;
  /** Runs one command with redis-cli, on a port without TLS, and returns its lines. */
  run(...command: readonly string[]): Promise<string[]>;
  /** SIGSTOP makes it hang, SIGCONT go on. */
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** Starts Redis on a loopback port, empty, with nothing kept on disk. */
export async function startRedisServer({
  port: givenPort,
  password,
  certificate,
}: RedisServerOptions = {}): Promise<RedisServer> {
  const port = givenPort ?? (await findFreePort());
  const directory = await createTemporaryDirectory("redis");
  const configFile = await directory.write(
    "redis.conf",
    `
bind 127.0.0.1
${certificate === undefined ? `port ${port}` : printTls(port, certificate)}
save ""
appendonly no
dir ${directory.path}
${password === undefined ? "" : `requirepass ${password}`}
`,
  );
  const child = startProcess({
    name: "redis-server",
    command: "redis-server",
    args: [configFile],
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
      const { stdout } = await runProgram("redis-cli", ["-p", `${port}`, ...command], { env });
      return stdout.split("\n").filter((line) => line !== "");
    },
    signal: child.signal,
    stop,
  };
}

function printTls(port: number, { certFile, keyFile }: { certFile: string; keyFile: string }) {
  return `
port 0
tls-port ${port}
tls-cert-file ${certFile}
tls-key-file ${keyFile}
tls-ca-cert-file ${certFile}
tls-auth-clients no
`;
}
