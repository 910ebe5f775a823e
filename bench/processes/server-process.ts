import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const readyTimeoutMs = 15_000;
const killAfterMs = 15_000;
const pollMs = 1;

/** No server outlives the run, whatever ends it. */
const killAtExit = new Set<() => void>();
process.once("exit", () => {
  for (const kill of killAtExit) {
    kill();
  }
});

export interface ServerOptions {
  /** Also the name of the file in `directory` that takes all that the server says. */
  readonly name: string;
  /** The program: the node binary, or a server that needs none. */
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
}

export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** When it was spawned, by `performance.now()`, in milliseconds. */
  readonly spawnedAtMs: number;
  /** Empties its log, which grows by gigabytes under load. */
  clearLog(): void;
  /** SIGTERM, and SIGKILL after 15 s. */
  stop(): Promise<void>;
}

/** The server has ended, or said nothing, before it was ready. */
export class ServerStartError extends Error {
  override readonly name = "ServerStartError";

  constructor(message: string, output: string) {
    super(`${message}. Its output:\n${output}`);
  }
}

const readyLineSchema = z.object({ msg: z.literal("ready"), url: z.string() });

/**
 * Starts a server that writes a line of JSON with `"msg":"ready"` and its `url`. Its output goes to
 * a file, as it would in production, and not through a pipe that we would need to empty meanwhile.
 */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const { name, command, args, directory } = options;
  const logFile = join(directory, `${name}.log`);
  // That of an earlier start would show an earlier address.
  rmSync(logFile, { force: true });
  const log = openSync(logFile, "a", 0o600);
  const spawnedAtMs = performance.now();
  const child = spawn(command, args, {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: directory },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let spawnError: Error | undefined;
  child.once("error", (error) => {
    spawnError = error;
  });
  const closed = once(child, "close").catch(() => {});
  const kill = () => void child.kill("SIGKILL");
  killAtExit.add(kill);
  void closed.then(() => killAtExit.delete(kill));

  const readLog = () => readFileSync(logFile, "utf8");
  const hasEnded = () =>
    spawnError !== undefined || child.exitCode !== null || child.signalCode !== null;

  async function stop() {
    if (!hasEnded()) {
      child.kill("SIGTERM");
      const timer = setTimeout(kill, killAfterMs);
      await closed;
      clearTimeout(timer);
    }
  }

  const deadlineMs = spawnedAtMs + readyTimeoutMs;
  while (performance.now() < deadlineMs && !hasEnded()) {
    const url = findReadyUrl(readLog());
    if (url !== undefined) {
      const clearLog = () => truncateSync(logFile);
      return { name, pid: child.pid ?? -1, url, spawnedAtMs, clearLog, stop };
    }
    await sleep(pollMs);
  }
  const fate = hasEnded()
    ? `ended with ${spawnError ?? child.signalCode ?? child.exitCode}`
    : `was not ready after ${readyTimeoutMs / 1000} s`;
  await stop();
  throw new ServerStartError(`${name} ${fate}`, readLog());
}

function findReadyUrl(log: string): string | undefined {
  // The last line may be half written.
  for (const line of log.split("\n").slice(0, -1)) {
    if (line.includes('"ready"')) {
      return readyLineSchema.parse(JSON.parse(line)).url;
    }
  }
  return undefined;
}
