import { createSecretKey } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { attributeType, encodeText } from "../../src/probe/attributes.js";
import { probe } from "../../src/probe/probe.js";
import { decodeMessage, stunClass } from "../../src/probe/stun-message.js";
import { createCredentialIssuer } from "../../src/turn/providers/shared-secret/turn-credential.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { secondsFromNow } from "../parts/real-time.js";
import { answer } from "./scripted-server.js";

const secret = "north-north-north-north";
let certificate: TestCertificate;
let coturn: Coturn;
/** Whose certificate is for turn.example.com. */
let named: Coturn;
const redirecting: Server[] = [];

beforeAll(async () => {
  certificate = await createCertificate();
  const certFile = await certificate.signAnother("DNS:turn.example.com", 1);
  [coturn, named] = await Promise.all([
    startCoturn({ secrets: [secret], tls: certificate }),
    startCoturn({ secrets: [secret], tls: { certFile, keyFile: certificate.keyFile } }),
  ]);
});
afterAll(async () => {
  for (const server of redirecting) {
    server.close();
  }
  await Promise.all([coturn.stop(), named.stop()]);
  await certificate.stop();
});

/** Sends clients over TLS to a port of 127.0.0.1, as coturn does with tls-alternate-server, or better. */
async function startRedirect(port: number, domain?: string): Promise<number> {
  const server = createServer(
    { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) },
    (socket) =>
      socket.on("data", (chunk: Buffer) =>
        socket.write(
          answer(decodeMessage(chunk), stunClass.error, [
            { type: attributeType.errorCode, value: Buffer.of(0, 0, 3, 0) },
            {
              type: attributeType.alternateServer,
              value: Buffer.from([0, 1, port >> 8, port & 0xff, 127, 0, 0, 1]),
            },
            ...(domain === undefined ? [] : [encodeText(attributeType.alternateDomain, domain)]),
          ]),
        ),
      ),
  );
  redirecting.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function probeUrl(text: string) {
  const issue = createCredentialIssuer(createSecretKey(secret, "utf8"));
  const credential = issue("probe", secondsFromNow(600));
  const extraCa = readFileSync(certificate.caFile, "latin1");
  const options = { timeoutMs: 10_000, extraCa, relayTest: "everywhere" } as const;
  const results = await probe(parseIceUrl(text), credential, options);
  return results.find(({ server }) => server?.family === "ipv4");
}

describe("coturn with alternate-server", () => {
  it.each([
    ["turn", ""],
    ["turn", "?transport=tcp"],
    ["turns", "?transport=tcp"],
  ])("%s:…%s is followed, and the alternate's relay tested", async (scheme, query) => {
    const alternate = scheme === "turn" ? coturn.port : coturn.tlsPort;
    const first = await startCoturn({
      secrets: [secret],
      tls: certificate,
      extra: [
        `alternate-server=127.0.0.1:${coturn.port}`,
        `tls-alternate-server=127.0.0.1:${coturn.tlsPort}`,
      ],
    });
    try {
      const port = scheme === "turn" ? first.port : first.tlsPort;
      const result = await probeUrl(`${scheme}:127.0.0.1:${port}${query}`);
      expect(result?.failure).toBeUndefined();
      expect(result).toMatchObject({
        server: { port },
        alternates: [{ address: "127.0.0.1", port: alternate }],
        relayProven: true,
      });
    } finally {
      await first.stop();
    }
  });
});

describe("the certificate of an alternate", () => {
  it("has to be valid for the URL's host", async () => {
    const good = await startRedirect(coturn.tlsPort);
    expect((await probeUrl(`turns:localhost:${good}`))?.failure).toBeUndefined();
    const bad = await startRedirect(named.tlsPort);
    const result = await probeUrl(`turns:localhost:${bad}`);
    expect(result?.failure).toMatchObject({
      cause: "tls-wrong-name",
      detail: expect.stringContaining(`at the alternate 127.0.0.1:${named.tlsPort}`),
    });
  });

  it("has to be valid for ALTERNATE-DOMAIN where that is given", async () => {
    const good = await startRedirect(named.tlsPort, "turn.example.com");
    expect((await probeUrl(`turns:localhost:${good}`))?.failure).toBeUndefined();
    const bad = await startRedirect(coturn.tlsPort, "turn.example.com");
    const result = await probeUrl(`turns:localhost:${bad}`);
    expect(result?.failure?.cause).toBe("tls-wrong-name");
  });
});
