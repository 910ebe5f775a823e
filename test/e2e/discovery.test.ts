import { once } from "node:events";
import { readFile, rename } from "node:fs/promises";
import type { Server } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSigningKey, signToken } from "../authentication/signing-key.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { findFreePort } from "../parts/free-port.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { secondsFromNow } from "../parts/real-time.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

/** An issuer as the API server of Kubernetes is: with an authority of its own, and for those it knows. */
let certificate: TestCertificate;
let directory: TemporaryDirectory;
let fetchTokenFile: string;
let port: number;
let issuer: string;
let server: Server | undefined;
let service: IceService | undefined;
/** What requests must bring. */
let fetchToken: string;
let keys: readonly object[];
const first = createSigningKey("RS256", "first");
const second = createSigningKey("RS256", "second");

beforeAll(async () => {
  certificate = await createCertificate();
  directory = await createTemporaryDirectory("discovery");
  port = await findFreePort();
  issuer = `https://localhost:${port}`;
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
  stopIssuer();
});
afterAll(() => Promise.all([certificate?.stop(), directory?.remove()]));

async function startIssuer(): Promise<void> {
  const files = [certificate.certFile, certificate.keyFile];
  const [cert, key] = await Promise.all(files.map((file) => readFile(file)));
  server = createServer({ cert, key }, ({ url, headers }, response) => {
    const isKnown = headers.authorization === `Bearer ${fetchToken}`;
    const answer = url?.startsWith("/.well-known/")
      ? { issuer, jwks_uri: `https://127.0.0.1:${port}/openid/v1/jwks` }
      : { keys };
    response.writeHead(isKnown ? 200 : 401).end(JSON.stringify(answer));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}

function stopIssuer(): void {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
}

/** As Kubernetes does: the file is never half written. */
async function writeFetchToken(token: string): Promise<void> {
  fetchTokenFile = join(directory.path, "token");
  await rename(await directory.write("new-token", `${token}\n`), fetchTokenFile);
}

async function start(changes: object = {}): Promise<IceService> {
  const jwt = { issuer, audience: "ice-service", discovery: true, caFile: certificate.caFile };
  service = await startIceService({
    config: {
      auth: { jwt: [{ ...jwt, fetchTokenFile, ...changes }] },
      shutdown: { delay: "0s" },
    },
  });
  return service;
}

async function call({ url }: IceService, key = first): Promise<number> {
  const token = await signToken(key, { claims: { iss: issuer, exp: secondsFromNow(600) } });
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetch(`${url}/api/v1/ice-servers`, { headers })).status;
}

const expectProblem = (running: IceService, problem: unknown) =>
  expect.poll(() => running.logs()).toContainEqual(expect.objectContaining({ problem }));

describe("discovery", () => {
  it("trusts the configured authority alone, and sends the token as it is at that moment", async () => {
    keys = [first.jwk];
    fetchToken = "first-fetch-token";
    await writeFetchToken(fetchToken);
    await startIssuer();
    const running = await start();
    expect(await call(running)).toBe(200);
    fetchToken = "second-fetch-token";
    await writeFetchToken(fetchToken);
    keys = [second.jwk];
    expect(await call(running, second)).toBe(200);
    await expect.poll(() => call(running)).toBe(401);
    expect(running.stderr()).not.toMatch(/fetch-token/);
  });

  it("does not stop the start when the issuer is down, and goes on when it is up", async () => {
    keys = [first.jwk];
    fetchToken = "fetch-token";
    await writeFetchToken(fetchToken);
    const running = await start();
    expect(await call(running)).toBe(401);
    await expectProblem(running, "ECONNREFUSED");
    await startIssuer();
    await expect.poll(() => call(running)).toBe(200);
  });

  it.each([
    ["another authority", { caFile: undefined }, /SELF_SIGNED|UNABLE_TO_VERIFY/],
    ["no token", { fetchTokenFile: undefined }, /^HTTP status 401$/],
  ])("accepts no JWT with %s", async (_, changes, problem) => {
    keys = [first.jwk];
    fetchToken = "fetch-token";
    await writeFetchToken(fetchToken);
    await startIssuer();
    const running = await start(changes);
    expect(await call(running)).toBe(401);
    await expectProblem(running, expect.stringMatching(problem));
  });

  it("accepts no JWT of an issuer that is written in another way", async () => {
    keys = [first.jwk];
    fetchToken = "fetch-token";
    await writeFetchToken(fetchToken);
    await startIssuer();
    const running = await start({ issuer: `${issuer}/` });
    expect(await call(running)).toBe(401);
    await expectProblem(
      running,
      expect.stringContaining("the OpenID configuration is of the issuer"),
    );
  });
});
