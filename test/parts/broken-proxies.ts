import { readFile } from "node:fs/promises";
import { createCertificate, type TestCertificate } from "./certificate.js";
import { startProcess } from "./child-process.js";
import type { RelayNetwork } from "./relay-network.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

/** Where the proxies listen. They lead to the TURN server at 11.0.0.10. */
export const proxyIp = "11.0.0.20";

export const proxyPorts = {
  /** Passes TCP on, so that the server sees the proxy in place of its clients. */
  turn: 3478,
  /** Routes routed.example.com by SNI, and closes all other connections. */
  closing: 5349,
  /** Do the same, but lead the others to a web server: one with the same certificate, and one with its own. */
  web: 5350,
  otherWeb: 5351,
  /** End TLS, with a certificate that is no good. */
  expired: 5352,
  wrongName: 5353,
  untrusted: 5354,
} as const;
export type BrokenProxy = keyof typeof proxyPorts;

interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * Starts HAProxy in front of the good server.
 * @param tls of that server
 */
export async function startBrokenProxies(
  network: RelayNetwork,
  authority: TestCertificate,
  tls: CertificateFiles,
): Promise<void> {
  const directory = await createTemporaryDirectory("proxies");
  const stranger = await createCertificate();
  const sign = async ({ signAnother, keyFile }: TestCertificate, name: string, days: number) => ({
    certFile: await signAnother(name, days),
    keyFile,
  });
  const certificates = {
    own: tls,
    expired: await sign(authority, "DNS:other.example.com", -1),
    wrongName: await sign(authority, "DNS:www.example.com", 1),
    untrusted: await sign(stranger, "DNS:other.example.com", 1),
  };
  for (const [name, { certFile, keyFile }] of Object.entries(certificates)) {
    const both = await Promise.all([certFile, keyFile].map((file) => readFile(file, "utf8")));
    await directory.write(`${name}.pem`, both.join(""));
  }
  const file = await directory.write("haproxy.cfg", configureHaproxy());
  const { servers } = network;
  const [command = "", ...args] = [...servers.enter, "haproxy", "-db", "-f", file];
  const child = startProcess({ name: "haproxy", command, args, cwd: directory.path });
  network.stopLater(async () => {
    await child.stop();
    await stranger.stop();
    await directory.remove();
  });
  await child.untilReady(() => servers.acceptsTcp(proxyIp, proxyPorts.untrusted));
}

function configureHaproxy(): string {
  return `
defaults
  mode tcp
  timeout connect 30s
  timeout client 60s
  timeout server 60s
listen turn
  bind ${proxyIp}:${proxyPorts.turn}
  source ${proxyIp}
  server turn 11.0.0.10:3478
backend turns
  source ${proxyIp}
  server turns 11.0.0.10:5349
${routeBySni("closing")}
${routeBySni("web", "own")}
${routeBySni("otherWeb", "wrongName")}
${(["expired", "wrongName", "untrusted"] as const).map(endTls).join("")}`;
}

/** @param webCertificate of the web server that the other names lead to; absent: they are closed */
function routeBySni(proxy: BrokenProxy, webCertificate?: string): string {
  const frontend = `
frontend ${proxy}
  bind ${proxyIp}:${proxyPorts[proxy]}
  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }
  use_backend turns if { req.ssl_sni -i routed.example.com }`;
  return webCertificate === undefined
    ? frontend
    : `${frontend}
  default_backend others-of-${proxy}
backend others-of-${proxy}
  server web abns@${proxy}
frontend web-of-${proxy}
  mode http
  bind abns@${proxy} ssl crt ${webCertificate}.pem
  http-request return status 200 content-type text/plain string hello`;
}

function endTls(proxy: "expired" | "wrongName" | "untrusted"): string {
  return `
listen ${proxy}
  bind ${proxyIp}:${proxyPorts[proxy]} ssl crt ${proxy}.pem
  server turn 11.0.0.10:3478
`;
}
