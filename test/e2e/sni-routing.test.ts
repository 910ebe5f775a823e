import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { startProcess } from "../parts/child-process.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { startIceService } from "../parts/ice-service.js";
import { startSniRouter } from "../parts/sni-router.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const secret = "north-north-north-north";

const checkSchema = z.object({
  results: z.array(
    z.looseObject({ url: z.string(), address: z.string(), cause: z.string().optional() }),
  ),
});
const healthSchema = z.object({
  groups: z.array(
    z.object({ urls: z.array(z.looseObject({ url: z.string(), state: z.string() })) }),
  ),
});

let directory: TemporaryDirectory;
let certificate: TestCertificate;
let coturn: Coturn;
/** Share the port with the TURN server, one with a certificate for another name. */
const webServers: Server[] = [];

async function startWebServer(certFile: string): Promise<number> {
  const tls = { cert: readFileSync(certFile), key: readFileSync(certificate.keyFile) };
  const server = createServer(tls, (_, response) => response.end("hello"));
  webServers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

let webPort: number;
let otherNamePort: number;
beforeAll(async () => {
  directory = await createTemporaryDirectory("sni");
  await directory.write("turn.secret", secret);
  await directory.write("tokens.yaml", "tokens: []");
  certificate = await createCertificate();
  coturn = await startCoturn({ secrets: [secret], tls: certificate });
  webPort = await startWebServer(certificate.certFile);
  otherNamePort = await startWebServer(await certificate.signAnother("DNS:www.example.com", 1));
});
afterAll(async () => {
  for (const server of webServers) {
    server.closeAllConnections();
    server.close();
  }
  await coturn.stop();
  await certificate.stop();
  await directory.remove();
});

const configure = (urls: readonly string[]) => ({
  admin: { port: 0 },
  auth: { connectorTokensFile: "tokens.yaml" },
  ice: {
    stunUrls: [],
    turn: { urls, secretFiles: ["turn.secret"], probe: { interval: "1s", failures: 1 } },
  },
  shutdown: { delay: "0s" },
});

async function check(urls: readonly string[]) {
  const config = await directory.write("ice.yaml", stringify(configure(urls)));
  const options = ["--config", config, "--ca", certificate.caFile, "--json"];
  const child = startProcess({
    name: "check",
    command: process.execPath,
    args: [program, "check", ...options],
    cwd: directory.path,
  });
  await child.stop("SIGCONT");
  const { results } = checkSchema.parse(JSON.parse(child.stdout()));
  // `localhost` may have an IPv6 address, too, where nothing listens.
  return results.filter(({ address }) => address.startsWith("127."));
}

describe.each(["haproxy", "nginx"] as const)(
  "a TURN server behind %s, which routes by SNI",
  (by) => {
    it("works by the name that is routed, and is said to be elsewhere by an IP address", async () => {
      const toTurn = { program: by, serverName: "localhost", turnPort: coturn.tlsPort };
      const [closing, web, otherName] = await Promise.all([
        startSniRouter(toTurn),
        startSniRouter({ ...toTurn, otherPort: webPort }),
        startSniRouter({ ...toTurn, otherPort: otherNamePort }),
      ]);
      const url = (host: string, port: number) => `turns:${host}:${port}?transport=tcp`;
      const rows = [
        [url("localhost", closing.port), undefined],
        [url("127.0.0.1", closing.port), "not-tls"],
        [url("localhost", web.port), undefined],
        [url("127.0.0.1", web.port), "not-stun"],
        [url("localhost", otherName.port), undefined],
        [url("127.0.0.1", otherName.port), "tls-wrong-name"],
      ] as const;
      const urls = rows.map(([text]) => text);
      const service = await startIceService({
        files: { "tokens.yaml": "tokens: []", "turn.secret": secret },
        config: configure(urls),
        env: { NODE_EXTRA_CA_CERTS: certificate.caFile },
      });
      try {
        const results = await check(urls);
        expect(results.map((result) => [result.url, result.cause])).toEqual(rows);
        expect(results[1]).toMatchObject({
          detail: expect.stringContaining("no server name was sent"),
          fix: expect.stringContaining("(SNI)"),
        });
        expect(results[0]).toMatchObject({ ok: true, relayProven: true });
        await expect
          .poll(async () => {
            const response = await fetch(`${service.adminUrl}/health/turn`);
            const { groups } = healthSchema.parse(await response.json());
            return groups.flatMap(({ urls }) =>
              urls.map(({ state, lastCause }) => [state, lastCause]),
            );
          })
          // Relays are not tested from a private address.
          .toEqual(
            rows.map(([, cause]) =>
              cause === undefined ? ["up", "relay-not-tested"] : ["down", cause],
            ),
          );
      } finally {
        await service.stop();
        await Promise.all([closing.stop(), web.stop(), otherName.stop()]);
      }
    });
  },
);
