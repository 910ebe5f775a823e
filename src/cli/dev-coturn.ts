import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { usageError } from "./usage-error.js";

const readyTimeoutMs = 10_000;
const pollMs = 50;
/** What of its output is kept, to explain a failure, in characters. */
const maxOutput = 2_000;
const relayPorts = { first: 49_160, last: 49_200 };

/** A coturn that lives as long as this process. */
export interface DevCoturn {
  /** Settles with its last output when it ends without being asked to. */
  readonly died: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts the coturn on the PATH on 127.0.0.1, with a configuration for this run only.
 *
 * @param port for TURN over UDP and TCP
 * @param secret that signs the credentials
 * @throws ConfigError when there is no coturn, or it cannot start
 */
export async function startDevCoturn(port: number, secret: string): Promise<DevCoturn> {
  if (await acceptsTcp(port)) {
    throw usageError(
      "--with-coturn",
      `finds port ${port} of 127.0.0.1 in use`,
      "Stop what listens there, or choose another one: ICE_TURN_URLS=turn:127.0.0.1:3479",
    );
  }
  const directory = await mkdtemp(join(tmpdir(), "ice-service-coturn-"));
  const configFile = join(directory, "turnserver.conf");
  // In a file, since everybody on the machine can read the command lines of processes.
  await writeFile(configFile, printCoturnConfig(port, secret, directory), { mode: 0o600 });
  const coturn = spawn("turnserver", ["-c", configFile], { cwd: directory });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-maxOutput);
  };
  coturn.stdout.on("data", keep);
  coturn.stderr.on("data", keep);
  const kill = () => void coturn.kill("SIGKILL");
  process.once("exit", kill);
  let stopping = false;
  const died = new Promise<string>((resolve) => {
    coturn.once("exit", () => {
      if (!stopping) {
        resolve(output);
      }
    });
  });
  async function stop() {
    stopping = true;
    process.off("exit", kill);
    if (coturn.pid !== undefined && isRunning(coturn)) {
      coturn.kill();
      await once(coturn, "exit");
    }
    await rm(directory, { recursive: true, force: true });
  }
  try {
    await untilReady(coturn, port, () => output);
  } catch (error) {
    await stop();
    throw error;
  }
  return { died, stop };
}

async function untilReady(coturn: ChildProcess, port: number, output: () => string): Promise<void> {
  const failed = once(coturn, "exit").then(
    () => `ended: ${output()}`,
    (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? "is not on the PATH" : `cannot be started (${error.code})`,
  );
  const endMs = performance.now() + readyTimeoutMs;
  while (performance.now() < endMs) {
    const failure = await Promise.race([failed, sleep(pollMs)]);
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
    `waited ${readyTimeoutMs / 1000} s in vain for coturn: ${output()}`,
    "Start turnserver by hand with the line that --dev prints",
  );
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function acceptsTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const end = (accepts: boolean) => {
      socket.destroy();
      resolve(accepts);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
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
    // Both ends of a call on this machine.
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
