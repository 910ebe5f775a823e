import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

export const runProgram = promisify(execFile);

/** Generous, since a busy machine may need half a minute for what usually takes half a second. */
const defaultReadyTimeoutMs = 60_000;
const killAfterMs = 60_000;
const maxOutputChars = 4 * 1024 * 1024;

export interface ProcessOptions {
  /** What the error messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; by default only PATH, and HOME in `cwd`. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take to be ready. 60 seconds by default. */
  readonly readyTimeoutMs?: number;
}

export interface ChildProcess {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Sends a signal without waiting for its effect. */
  signal(name: NodeJS.Signals): void;
  /**
   * Asks `probe` every 50 ms until it finds something; one that throws has not. Throws with the
   * output after that time, or when the process ends first; the process is then gone.
   */
  untilReady<T>(probe: () => T | undefined | Promise<T | undefined>): Promise<T>;
  /**
   * Sends `signal` (SIGTERM by default), and after 60 s SIGKILL to it and to all that it has started.
   * @returns the exit code, or null after a kill, once all of them have closed their output
   */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Kills a process that runs, and all that it has started. */
type Kill = () => void;
const running = new Set<Kill>();
process.once("exit", () => killProcesses());

/** What runs now, to tell {@link killProcesses} what to spare. */
export function listProcesses(): ReadonlySet<Kill> {
  return new Set(running);
}

/** Kills everything that was started here and still runs. */
export function killProcesses(spared: ReadonlySet<Kill> = new Set()): void {
  for (const kill of running) {
    if (!spared.has(kill)) {
      kill();
    }
  }
}

/**
 * Starts a program in a process group of its own. It never outlives the test that started it (see
 * `end-processes.ts`), nor this process, even when that is killed: Linux then kills it, too.
 */
export function startProcess({
  name,
  command,
  args,
  cwd,
  env,
  readyTimeoutMs = defaultReadyTimeoutMs,
}: ProcessOptions): ChildProcess {
  const path = `${process.env["PATH"]}:/usr/sbin`;
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", command, ...args], {
    cwd,
    detached: true,
    env: { PATH: path, HOME: cwd, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout = capture(child.stdout);
  const stderr = capture(child.stderr);
  let spawnError: Error | undefined;
  child.once("error", (error) => {
    spawnError = error;
  });
  const kill = () => {
    try {
      process.kill(-(child.pid ?? Number.NaN), "SIGKILL");
    } catch {
      // The group is gone already.
    }
  };
  running.add(kill);
  const closed = once(child, "close").catch(() => {});
  void closed.then(() => running.delete(kill));

  const hasEnded = () =>
    spawnError !== undefined || child.exitCode !== null || child.signalCode !== null;

  async function stop(signal: NodeJS.Signals = "SIGTERM") {
    if (!hasEnded()) {
      child.kill(signal);
    }
    const timer = setTimeout(kill, killAfterMs);
    await closed;
    clearTimeout(timer);
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

/** Whether there is such a process; one whose end nobody has looked at yet counts as gone (Linux). */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Whether something accepts TCP connections on this loopback port: a probe for `untilReady`. */
export async function acceptsTcp(port: number, host = "127.0.0.1"): Promise<true | undefined> {
  const socket = connect(port, host);
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
