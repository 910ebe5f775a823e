import { acceptsTcp, runProgram, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface RedisServer {
  readonly port: number;
  readonly password: string;
  /** Runs one command with redis-cli and returns its lines. */
  run(...command: readonly string[]): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts a Redis that keeps nothing on disk, on loopback, with a password. */
export async function startRedisServer(): Promise<RedisServer> {
  const port = await findFreePort();
  const password = "redis-p%40ss";
  const directory = await createTemporaryDirectory("redis");
  const lines = [`port ${port}`, "bind 127.0.0.1", 'save ""', `requirepass ${password}`, ""];
  const child = startProcess({
    name: "redis-server",
    command: "redis-server",
    args: [await directory.write("redis.conf", lines.join("\n"))],
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
