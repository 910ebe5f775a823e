import { readFile } from "node:fs/promises";
import { type ChildProcess, startProcess } from "./child-process.js";
import type { RelayNetwork } from "./relay-network.js";
import { configureSharedPort } from "./sni-router.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

/** Where a name leads: to the TURN server, to no server, or to a web server with the same certificate. */
export type SniTarget = "turn" | "nothing" | "web";

export interface SniRouteOptions {
  /** Of the router, at port 443. */
  readonly ip: string;
  /** The name that is routed. */
  readonly serverName: string;
  /** The address and port of the TURN server, where it takes TLS. */
  readonly turn: string;
  /** Of the web server. */
  readonly certificate: { readonly certFile: string; readonly keyFile: string };
}

export interface SniRoute {
  /** Routes the name to another server from now on. */
  lead(to: SniTarget): Promise<void>;
}

/** Starts HAProxy in the network, which routes a name by SNI, to the TURN server at first. */
export async function startSniRoute(
  network: RelayNetwork,
  options: SniRouteOptions,
): Promise<SniRoute> {
  const { certFile, keyFile } = options.certificate;
  const directory = await createTemporaryDirectory("sni-route");
  const both = await Promise.all([certFile, keyFile].map((file) => readFile(file, "utf8")));
  await directory.write("web.pem", both.join(""));
  let child: ChildProcess | undefined;
  const { servers } = network;
  async function lead(to: SniTarget): Promise<void> {
    await child?.stop();
    const file = await directory.write("haproxy.cfg", configureHaproxy(options, to));
    const [command = "", ...args] = [...servers.enter, "haproxy", "-db", "-f", file];
    child = startProcess({ name: "haproxy", command, args, cwd: directory.path });
    await child.untilReady(() => servers.acceptsTcp(options.ip, 443));
  }
  network.stopLater(async () => {
    await child?.stop();
    await directory.remove();
  });
  await lead("turn");
  return { lead };
}

function configureHaproxy({ ip, serverName, turn }: SniRouteOptions, to: SniTarget): string {
  return `${configureSharedPort(`${ip}:443`)}
  ${to === "nothing" ? "" : `use_backend ${to} if { req.ssl_sni -i ${serverName} }`}
backend turn
  source ${ip}
  server turn ${turn}
backend web
  server web abns@web
frontend web-server
  mode http
  bind abns@web ssl crt web.pem
  http-request return status 200 content-type text/plain string hello
`;
}
