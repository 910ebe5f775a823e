import { findFreePort } from "./free-port.js";
import { startProxy } from "./proxy-process.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface TcpBalancerOptions {
  /** The service's ports on 127.0.0.1. Connections go to them in turn. */
  readonly upstreamPorts: readonly number[];
  /** Further words on each server's line, such as `send-proxy-v2`. */
  readonly server?: string;
  /** Lines of the section, such as `option httpchk`. */
  readonly lines?: readonly string[];
}

export interface TcpBalancer {
  /** On 127.0.0.1. */
  readonly port: number;
  stop(): Promise<void>;
}

/** The address that its connections come from. */
export const balancerAddress = "127.0.0.9";

/** Starts HAProxy as a balancer that passes TCP connections on, whatever they carry. */
export async function startTcpBalancer({
  upstreamPorts,
  server = "",
  lines = [],
}: TcpBalancerOptions): Promise<TcpBalancer> {
  const port = await findFreePort();
  const directory = await createTemporaryDirectory("tcp-balancer");
  const servers = upstreamPorts.map(
    (upstream, index) =>
      `server s${index} 127.0.0.1:${upstream} source ${balancerAddress} ${server}`,
  );
  const configFile = await directory.write(
    "haproxy.cfg",
    `
global
  log stderr format raw local0
defaults
  mode tcp
  timeout connect 30s
  timeout client 1h
  timeout server 1h
  timeout check 30s
listen service
  bind 127.0.0.1:${port}
  ${[...lines, ...servers].join("\n  ")}
`,
  );
  const args = ["-db", "-f", configFile];
  const { stop } = await startProxy({ name: "haproxy", args, directory, ports: [port] });
  return { port, stop };
}
