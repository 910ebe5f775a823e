import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { acceptsTcp, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import type { NetworkHost } from "./network-host.js";
import { shiftClock } from "./shifted-clock.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface CoturnOptions {
  /** Each is accepted. */
  readonly secrets: readonly string[];
  /** The host that it runs on; by default that of the tests. */
  readonly on?: NetworkHost;
  /** The addresses of `on` that it listens on; by default 127.0.0.1, and ::1 with `ipv6`. */
  readonly listenIps?: readonly string[];
  /** The port; by default a free one. */
  readonly port?: number;
  readonly realm?: string;
  /** If set, `tlsPort` serves TURN over TLS. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** By default a free port. */
  readonly tlsPort?: number;
  /** Whether it listens and relays on ::1 too. */
  readonly ipv6?: boolean;
  /** The addresses of relays; by default those that it listens on. */
  readonly relayIps?: readonly string[];
  /**
   * `none` gives relays to everybody. With `user`, it accepts one user's password instead of a secret.
   */
  readonly authentication?: "secret" | "none" | "user";
  /** The number of relays that can be open at a time; by default 50. */
  readonly relayPortCount?: number;
  /** How far its clock is ahead of the real time; negative means behind. */
  readonly clockAheadSeconds?: number;
  /** Further lines for turnserver.conf. */
  readonly extra?: readonly string[];
}

export interface Coturn {
  /** Of TURN over UDP and over TCP, on 127.0.0.1. */
  readonly port: number;
  readonly tlsPort: number;
  readonly realm: string;
  output(): string;
  /** Sends a signal, such as SIGSTOP to have a server that exists but does not respond. */
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** Starts a coturn that accepts time-limited credentials (`use-auth-secret`) on loopback. */
export async function startCoturn({
  secrets,
  port: chosenPort,
  realm = "turn.test",
  tls,
  tlsPort: chosenTlsPort,
  on,
  ipv6 = false,
  listenIps = ipv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"],
  relayIps = listenIps,
  authentication = "secret",
  relayPortCount = 50,
  clockAheadSeconds = 0,
  extra = [],
}: CoturnOptions): Promise<Coturn> {
  const port = chosenPort ?? (await findFreePort());
  const tlsPort = chosenTlsPort ?? (await findFreePort());
  const relayPorts = chooseRelayPorts();
  const directory = await createTemporaryDirectory("coturn");
  const configFile = await directory.write(
    "turnserver.conf",
    [
      ...listenIps.map((ip) => `listening-ip=${ip}`),
      ...relayIps.map((ip) => `relay-ip=${ip}`),
      `listening-port=${port}`,
      `tls-listening-port=${tlsPort}`,
      `min-port=${relayPorts.first}`,
      `max-port=${relayPorts.first + relayPortCount - 1}`,
      "fingerprint",
      ...listAuthentication(authentication, secrets),
      `realm=${realm}`,
      ...(tls === undefined ? ["no-tls"] : [`cert=${tls.certFile}`, `pkey=${tls.keyFile}`]),
      "no-dtls",
      "no-cli",
      "no-rfc5780",
      "no-multicast-peers",
      "allow-loopback-peers",
      "simple-log",
      "log-file=stdout",
      `pidfile=${directory.path}/turnserver.pid`,
      `userdb=${directory.path}/turndb`,
      ...extra,
      "",
    ].join("\n"),
  );
  const [command = "", ...args] = [...(on?.enter ?? []), "turnserver", "-c", configFile];
  const child = startProcess({
    name: "coturn",
    command,
    args,
    cwd: directory.path,
    ...(clockAheadSeconds !== 0 && { env: shiftClock(clockAheadSeconds) }),
  });
  async function stop() {
    await child.stop();
    await directory.remove();
  }
  try {
    const ports = [port, ...(tls === undefined ? [] : [tlsPort])];
    if (on === undefined) {
      await child.untilReady(() => answersStunBinding(port));
      for (const each of ports) {
        await child.untilReady(() => acceptsTcp(each));
      }
    } else {
      // It opens UDP before TCP.
      for (const each of ports) {
        await child.untilReady(() => on.acceptsTcp(listenIps[0] ?? "", each));
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    tlsPort,
    realm,
    output: () => child.stdout() + child.stderr(),
    signal: child.signal,
    stop,
  };
}

function listAuthentication(
  authentication: NonNullable<CoturnOptions["authentication"]>,
  secrets: readonly string[],
): readonly string[] {
  switch (authentication) {
    case "none":
      return ["no-auth"];
    case "user":
      return ["lt-cred-mech", "user=someone:password"];
    case "secret":
      return ["use-auth-secret", ...secrets.map((secret) => `static-auth-secret=${secret}`)];
  }
}

/** 50 ports at random between those of findFreePort and those of outgoing connections. */
function chooseRelayPorts(): { first: number } {
  return { first: 25_000 + 50 * Math.floor(Math.random() * 150) };
}

/** Sends one binding request (RFC 8489 section 5) and waits 200 ms for any answer. */
function answersStunBinding(port: number): Promise<true | undefined> {
  const request = Buffer.concat([Buffer.from("000100002112a442", "hex"), randomBytes(12)]);
  const socket = createSocket("udp4");
  return new Promise<true | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), 200);
    const finish = (answered: true | undefined) => {
      clearTimeout(timer);
      resolve(answered);
    };
    socket.on("message", () => finish(true));
    socket.on("error", () => finish(undefined));
    socket.send(request, port, "127.0.0.1");
  }).finally(() => socket.close());
}
