import { acceptsTcp, runProgram, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface RedisServer {
  readonly port: number;
  /** With a certificate: of TLS. */
  readonly tlsPort: number;
  readonly password: string;
  /** Runs one command with redis-cli and returns its lines. */
  run(...command: readonly string[]): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts a Redis that keeps nothing on disk, on loopback, with a password. */
export async function startRedisServer(
  certificate?: Readonly<Record<"caFile" | "certFile" | "keyFile", string>>,
): Promise<RedisServer> {
  const port = await findFreePort();
  const tlsPort = await findFreePort();
  const password = "redis-p%40ss";
  const directory = await createTemporaryDirectory("redis");
  const lines = [`port ${port}`, "bind 127.0.0.1", 'save ""', `requirepass ${password}`];
  if (certificate !== undefined) {
    lines.push(`tls-port ${tlsPort}`, "tls-auth-clients no");
    lines.push(`tls-cert-file ${certificate.certFile}`, `tls-key-file ${certificate.keyFile}`);
    lines.push(`tls-ca-cert-file ${certificate.caFile}`);
  }
  const child = startProcess({
    name: "redis-server",
    command: "redis-server",
    args: [await directory.write("redis.conf", `${lines.join("\n")}\n`)],
    cwd: directory.path,
  });
  async function stop() {
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
    tlsPort,
    password,
    async run(...command) {
      const { stdout } = await runProgram("redis-cli", ["-p", `${port}`, ...command], {
        env: { PATH: process.env["PATH"], REDISCLI_AUTH: password },
      });
      return stdout.split("\n").filter((line) => line !== "");
    },
    stop,
  };
}
