import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

export const runProgram = promisify(execFile);

const readyTimeoutMs = 15_000;
const killAfterMs = 15_000;
const maxOutputChars = 4 * 1024 * 1024;

export interface ProcessOptions {
  /** What the error messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; by default only PATH, and HOME in `cwd`. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ChildProcess {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Sends a signal without waiting for its effect. */
  signal(name: NodeJS.Signals): void;
  /**
   * Asks `probe` every 50 ms until it finds something; one that throws has not. Throws with the
   * output after 15 s, or when the process ends first; the process is then gone.
   */
  untilReady<T>(probe: () => T | undefined | Promise<T | undefined>): Promise<T>;
  /** Sends `signal` (SIGTERM by default), and SIGKILL after 15 s; returns the exit code, or null after a kill. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** What runs, for the end of the test run. */
const running = new Set<() => void>();
process.once("exit", () => {
  for (const kill of running) {
    kill();
  }
});

/** Starts a program. It is killed when the test run ends, whatever happens before. */
export function startProcess({ name, command, args, cwd, env }: ProcessOptions): ChildProcess {
  const path = `${process.env["PATH"]}:/usr/sbin`;
  const child = spawn(command, args, {
    cwd,
    env: { PATH: path, HOME: cwd, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout = capture(child.stdout);
  const stderr = capture(child.stderr);
  let spawnError: Error | undefined;
  child.once("error", (error) => {
    spawnError = error;
  });
  const kill = () => void child.kill("SIGKILL");
  running.add(kill);
  const closed = once(child, "close").catch(() => {});
  void closed.then(() => running.delete(kill));

  const hasEnded = () =>
    spawnError !== undefined || child.exitCode !== null || child.signalCode !== null;

  async function stop(signal: NodeJS.Signals = "SIGTERM") {
    if (!hasEnded()) {
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), killAfterMs);
      await closed;
      clearTimeout(timer);
    }
    await closed;
    return child.exitCode;
  }

  return {
    pid: child.pid ?? -1,
    stdout,
    stderr,
    signal: (signal) => void child.kill(signal),
    stop,
    async untilReady(probe) {
      const deadlineMs = performance.now() + readyTimeoutMs;
      let failure = `was not ready after ${readyTimeoutMs / 1000} s`;
      let cause: unknown;
      while (performance.now() < deadlineMs) {
        if (hasEnded()) {
          failure = `ended with ${spawnError ?? child.signalCode ?? child.exitCode}`;
          break;
        }
        try {
          const found = await probe();
          if (found !== undefined) {
            return found;
          }
        } catch (error) {
          cause = error;
        }
        await sleep(50);
      }
      await stop("SIGKILL");
      throw new Error(`${name} ${failure}. Its output:\n${stdout()}${stderr()}`, { cause });
    },
  };
}

/** The processes that a process has started and that still run (Linux). */
export function childPids(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

/** Whether something accepts TCP connections on this loopback port: a probe for `untilReady`. */
export async function acceptsTcp(port: number): Promise<true | undefined> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

/** Keeps the end of what a stream says, so that a chatty program cannot fill our memory. */
function capture(stream: Readable): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text = (text + chunk).slice(-maxOutputChars);
  });
  return () => text;
}
