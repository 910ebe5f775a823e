import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { usageError } from "../errors.js";

const readyTimeoutMs = 10_000;
const pollMs = 50;
/** How long it may take to stop. Then it is killed. */
const stopTimeoutMs = 2_000;
const connectTimeoutMs = 1_000;
/** How much of its output is kept to explain a failure, in characters. */
const maxOutput = 2_000;
const relayPorts = { first: 49_160, last: 49_200 };

/** A coturn that lives as long as this process. */
export interface DevCoturn {
  /** Settles with its last output when it ends although this process goes on. */
  readonly died: Promise<string>;
  /** Ends it within some 2 s, and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts the coturn on the PATH on 127.0.0.1, with a configuration for this run only. It ends with this
 * process, and its files are removed, unless this process is killed.
 *
 * @param port for TURN over UDP and TCP
 * @param secret that signs the credentials
 * @param signal aborted when this process is to end; a start then rejects with an AbortError
 * @throws ConfigError when there is no coturn, or it cannot start
 */
export async function startDevCoturn(
  port: number,
  secret: string,
  signal: AbortSignal,
): Promise<DevCoturn> {
  if (await acceptsTcp(port)) {
    throw usageError(
      "--with-coturn",
      `finds port ${port} of 127.0.0.1 in use`,
      "Stop what listens there, or choose another one: ICE_TURN_URLS=turn:127.0.0.1:3479",
    );
  }
  // Nothing is awaited before the exit listener exists, because it would miss an exit.
  const directory = mkdtempSync(join(tmpdir(), "ice-service-coturn-"));
  let coturn: ChildProcess | undefined;
  const remove = () => {
    coturn?.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  };
  process.once("exit", remove);
  let isStopping = false;
  async function stop() {
    isStopping = true;
    if (coturn !== undefined) {
      await end(coturn);
    }
    remove();
    process.off("exit", remove);
  }
  try {
    const configFile = join(directory, "turnserver.conf");
    // In a file, because everybody on the machine can read command lines.
    writeFileSync(configFile, printCoturnConfig(port, secret, directory), { mode: 0o600 });
    coturn = spawn("turnserver", ["-c", configFile], {
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
    });
    // Without a listener, a signal that cannot be sent would end this process.
    coturn.on("error", () => {});
    let output = "";
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-maxOutput);
    };
    coturn.stdout?.on("data", keep);
    coturn.stderr?.on("data", keep);
    const died = once(coturn, "exit").then(
      // Ctrl-C in a terminal reaches coturn, too, which ends sooner than this process.
      () => (isStopping || signal.aborted ? new Promise<string>(() => {}) : output),
      () => new Promise<string>(() => {}),
    );
    await untilReady(coturn, port, signal, () => output);
    return { died, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function end(coturn: ChildProcess): Promise<void> {
  if (coturn.pid === undefined || !isRunning(coturn)) {
    return;
  }
  const ended = once(coturn, "exit");
  const timer = setTimeout(() => coturn.kill("SIGKILL"), stopTimeoutMs);
  coturn.kill();
  await ended;
  clearTimeout(timer);
}

async function untilReady(
  coturn: ChildProcess,
  port: number,
  signal: AbortSignal,
  output: () => string,
): Promise<void> {
  const failed = once(coturn, "exit").then(
    () => `ended: ${output()}`,
    (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? "is not on the PATH" : `cannot be started (${error.code})`,
  );
  const endMs = performance.now() + readyTimeoutMs;
  while (performance.now() < endMs) {
    const failure = await Promise.race([failed, sleep(pollMs, undefined, { signal })]);
    if (failure !== undefined) {
      throw usageError(
        "--with-coturn",
        `needs the TURN server coturn, whose program turnserver ${failure}`,
        "Install it (Debian: apt-get install coturn; macOS: brew install coturn), or leave --with-coturn out",
      );
    }
    if (await acceptsTcp(port)) {
      return;
    }
  }
  throw usageError(
    "--with-coturn",
    `waited ${readyTimeoutMs / 1000} s for coturn without success: ${output()}`,
    "Start turnserver by hand with the line that --dev prints",
  );
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** A port that neither accepts nor refuses counts as in use. */
function acceptsTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const settle = (accepts: boolean) => {
      socket.destroy();
      resolve(accepts);
    };
    socket.setTimeout(connectTimeoutMs, () => settle(true));
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

function printCoturnConfig(port: number, secret: string, directory: string): string {
  return [
    "listening-ip=127.0.0.1",
    "relay-ip=127.0.0.1",
    `listening-port=${port}`,
    `min-port=${relayPorts.first}`,
    `max-port=${relayPorts.last}`,
    "use-auth-secret",
    `static-auth-secret=${secret}`,
    "realm=localhost",
    "fingerprint",
    // Both ends of a call can be on this machine.
    "allow-loopback-peers",
    "no-multicast-peers",
    "no-tls",
    "no-dtls",
    "no-cli",
    "no-rfc5780",
    "simple-log",
    "log-file=stdout",
    `pidfile=${directory}/turnserver.pid`,
    `userdb=${directory}/turndb`,
    "",
  ].join("\n");
}
