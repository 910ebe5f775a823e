import { findFreePort } from "./free-port.js";
import { startProxy } from "./proxy-process.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface SniRouterOptions {
  /** HAProxy, or nginx with its stream module. */
  readonly program: "haproxy" | "nginx";
  /** The server name that leads to the TURN server. */
  readonly serverName: string;
  /** Where that takes TLS, on 127.0.0.1. */
  readonly turnPort: number;
  /** Where all other names lead, on 127.0.0.1; absent: the connection is closed. */
  readonly otherPort?: number;
}

/**
 * Starts what shares a port among TLS servers by the server name of the handshake (SNI), without ending
 * TLS.
 */
export async function startSniRouter(options: SniRouterOptions) {
  const port = await findFreePort();
  const directory = await createTemporaryDirectory("sni");
  const file = await directory.write(
    "router.conf",
    options.program === "haproxy"
      ? configureHaproxy(port, options)
      : configureNginx(port, directory.path, options),
  );
  const args = { haproxy: ["-db", "-f", file], nginx: ["-p", directory.path, "-c", file] };
  const { program } = options;
  const { stop } = await startProxy({
    name: program,
    args: args[program],
    directory,
    ports: [port],
  });
  return { port, stop };
}

/**
 * The start of HAProxy's configuration for a port that TLS servers share. Next come the rules that
 * choose among them.
 *
 * @param address with the port
 */
export function configureSharedPort(address: string): string {
  return `
defaults
  mode tcp
  timeout connect 30s
  timeout client 60s
  timeout server 60s
frontend shared
  bind ${address}
  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }`;
}

function configureHaproxy(
  port: number,
  { serverName, turnPort, otherPort }: SniRouterOptions,
): string {
  return `${configureSharedPort(`127.0.0.1:${port}`)}
  use_backend turn if { req.ssl_sni -i ${serverName} }
${otherPort === undefined ? "" : "  default_backend other"}
backend turn
  server turn 127.0.0.1:${turnPort}
${otherPort === undefined ? "" : `backend other\n  server other 127.0.0.1:${otherPort}`}
`;
}

function configureNginx(
  port: number,
  path: string,
  { serverName, turnPort, otherPort }: SniRouterOptions,
): string {
  return `
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
pid ${path}/nginx.pid;
error_log stderr;
events {}
stream {
  map $ssl_preread_server_name $upstream {
    ${serverName} 127.0.0.1:${turnPort};
    ${otherPort === undefined ? "" : `default 127.0.0.1:${otherPort};`}
  }
  server {
    listen 127.0.0.1:${port};
    ssl_preread on;
    proxy_pass $upstream;
  }
}
`;
}
