import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { createCertificate } from "../parts/certificate.js";
import { writeProxyHeader } from "../parts/proxy-header.js";
import { balancerAddress } from "../parts/tcp-balancer.js";
import { type FuzzedService, startFuzzedService } from "./fuzzed-service.js";

/** How long a connection that the server may keep open is waited for, in milliseconds. */
const usualPatienceMs = 100;

/** One way to reach a service. */
export interface FuzzedPort {
  readonly name: string;
  /** Whether a request of HTTP/1.1 gets an answer there. */
  readonly speaksHttp1: boolean;
  readonly fuzzed: FuzzedService;
  connect(): FuzzedConnection;
}

export interface FuzzedConnection {
  /** Where HTTP is written. */
  readonly socket: Socket;
  /** The same, or what is below TLS. */
  readonly tcp: Socket;
}

export interface FuzzedPorts {
  readonly ports: readonly FuzzedPort[];
  /** The one in the clear, of a single process. */
  readonly plain: FuzzedPort;
  /** The same for a balancer, whose PROXY protocol header the test writes itself. */
  readonly balanced: FuzzedPort;
  /** How many were made to all of them, by {@link sendSegments}. */
  countConnections(): number;
  /** @returns the exit codes */
  stop(): Promise<(number | null)[]>;
}

/** Services in the clear and with TLS, of one process and of two workers, and their admin ports. */
export async function startFuzzedPorts(): Promise<FuzzedPorts> {
  const certificate = await createCertificate();
  let connections = 0;
  const connectTcp = (port: number, localAddress?: string) => {
    connections += 1;
    return connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      ...(localAddress !== undefined && { localAddress }),
    }).on("error", () => {});
  };
  const inTheClear = (port: number) => () => {
    const socket = connectTcp(port);
    return { socket, tcp: socket };
  };
  const fromBalancer = (port: number, header: Buffer) => () => {
    const socket = connectTcp(port, balancerAddress);
    socket.write(header);
    return { socket, tcp: socket };
  };
  const withTls = (port: number, protocols: readonly string[]) => () => {
    const tcp = connectTcp(port);
    const options = { socket: tcp, rejectUnauthorized: false, ALPNProtocols: [...protocols] };
    return { socket: connectTls(options).on("error", () => {}), tcp };
  };
  const started: FuzzedService[] = [];
  const ports: FuzzedPort[] = [];
  const stop = async () => {
    const exitCodes = await Promise.all(started.map(({ service }) => service.stop()));
    await certificate.stop();
    return exitCodes;
  };
  const start = async (options: Parameters<typeof startFuzzedService>[0]) => {
    const fuzzed = await startFuzzedService(options);
    started.push(fuzzed);
    const { port, adminUrl = "" } = fuzzed.service;
    return { fuzzed, port, adminPort: Number(new URL(adminUrl).port) };
  };
  try {
    for (const workers of [undefined, 2]) {
      const size = workers === undefined ? "one process" : "two workers";
      const { fuzzed: clear, port, adminPort } = await start({ workers });
      const { fuzzed: secure, port: tlsPort } = await start({ workers, certificate });
      ports.push(
        {
          name: `in the clear, ${size}`,
          speaksHttp1: true,
          fuzzed: clear,
          connect: inTheClear(port),
        },
        {
          name: `in the clear, with a PROXY protocol header, ${size}`,
          speaksHttp1: true,
          fuzzed: clear,
          connect: fromBalancer(port, writeProxyHeader("203.0.113.9")),
        },
        {
          name: `admin, ${size}`,
          speaksHttp1: true,
          fuzzed: clear,
          connect: inTheClear(adminPort),
        },
        {
          name: `no handshake, ${size}`,
          speaksHttp1: false,
          fuzzed: secure,
          connect: inTheClear(tlsPort),
        },
        ...[["h2"], ["http/1.1"], []].map((protocols) => ({
          name: `ALPN [${protocols}], ${size}`,
          speaksHttp1: !protocols.includes("h2"),
          fuzzed: secure,
          connect: withTls(tlsPort, protocols),
        })),
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const [plain] = ports;
  if (plain === undefined) {
    throw new Error("no ports");
  }
  const { fuzzed } = plain;
  const balanced = {
    name: "as a balancer",
    speaksHttp1: false,
    fuzzed,
    connect: fromBalancer(fuzzed.service.port, Buffer.alloc(0)),
  };
  return { ports, plain, balanced, countConnections: () => connections, stop };
}

/** How a client leaves: it has said all, it is gone, it resets the connection, or it stays a while. */
export type Farewell = "end" | "destroy" | "reset" | "stay";

/**
 * Sends each segment with one write, leaves, and resolves with what came until the connection was
 * closed, or until the server has kept it for a while.
 */
export async function sendSegments(
  port: FuzzedPort,
  segments: readonly Buffer[],
  farewell: Farewell,
  patienceMs = usualPatienceMs,
): Promise<Buffer> {
  const { socket, tcp } = port.connect();
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const sent = Promise.all(
    segments.map((segment) => new Promise<void>((done) => socket.write(segment, () => done()))),
  );
  await Promise.race([sent, closed]);
  if (farewell === "end") {
    socket.end();
  } else if (farewell === "destroy") {
    socket.destroy();
  } else if (farewell === "reset") {
    tcp.resetAndDestroy();
  }
  const patience = new AbortController();
  const late = sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => {});
  await Promise.race([closed, late]);
  patience.abort();
  socket.destroy();
  tcp.destroy();
  return Buffer.concat(received);
}
