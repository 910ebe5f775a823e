import { findFreePort } from "./free-port.js";
import { startProxy } from "./proxy-process.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface HaproxyOptions {
  /** The service's port on 127.0.0.1, in the clear. */
  readonly upstreamPort: number;
  /** How long it waits for either side to say more. */
  readonly readTimeoutSeconds: number;
}

export interface Haproxy {
  /** HTTP/1.1, handed on as HTTP/1.1. */
  readonly restUrl: string;
  /** HTTP/2, handed on as HTTP/2: `127.0.0.1:<port>`. */
  readonly grpcTarget: string;
  stop(): Promise<void>;
}

/** Starts HAProxy as a reverse proxy in front of the service. */
export async function startHaproxy({
  upstreamPort,
  readTimeoutSeconds,
}: HaproxyOptions): Promise<Haproxy> {
  const restPort = await findFreePort();
  const grpcPort = await findFreePort();
  const directory = await createTemporaryDirectory("haproxy");
  const configFile = await directory.write(
    "haproxy.cfg",
    `
global
  log stderr format raw local0
defaults
  mode http
  timeout connect 30s
  timeout client ${readTimeoutSeconds}s
  timeout server ${readTimeoutSeconds}s
listen rest
  bind 127.0.0.1:${restPort}
  server service 127.0.0.1:${upstreamPort}
listen grpc
  bind 127.0.0.1:${grpcPort} proto h2
  server service 127.0.0.1:${upstreamPort} proto h2
`,
  );
  const { stop } = await startProxy({
    name: "haproxy",
    args: ["-db", "-f", configFile],
    directory,
    ports: [restPort, grpcPort],
  });
  return {
    restUrl: `http://127.0.0.1:${restPort}`,
    grpcTarget: `127.0.0.1:${grpcPort}`,
    stop,
  };
}
