import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSigningKey, signToken } from "../authentication/signing-key.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { findFreePort } from "../parts/free-port.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { secondsFromNow } from "../parts/real-time.js";
import { type Squid, startSquid } from "../parts/squid.js";
import { startTlsFront } from "../parts/tls-front.js";

/** Only the proxy knows it. */
const host = "login.idp.test";
const issuer = `https://${host}`;
const key = createSigningKey("ES256");
const user = { name: "ice", password: "proxy-pass" };

let certificate: TestCertificate;
let provider: Server;
let squid: Squid;
let jwksUrl: string;
let service: IceService | undefined;

beforeAll(async () => {
  certificate = await createCertificate();
  const certFile = await certificate.signAnother(`DNS:${host}`, 1);
  const [cert, privateKey] = await Promise.all(
    [certFile, certificate.keyFile].map((file) => readFile(file)),
  );
  provider = createServer({ cert, key: privateKey }, (_, response) =>
    response.end(JSON.stringify({ keys: [key.jwk] })),
  );
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  const address = provider.address();
  jwksUrl = `https://${host}:${address instanceof Object ? address.port : 0}/keys`;
  squid = await startSquid({ hosts: [host], user });
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
});
afterAll(async () => {
  provider?.closeAllConnections();
  provider?.close();
  await Promise.all([squid?.stop(), certificate?.stop()]);
});

async function start(env: Record<string, string>): Promise<IceService> {
  service = await startIceService({
    config: {
      auth: { jwt: [{ issuer, audience: "ice-service", jwksUrl }] },
      shutdown: { delay: "0s" },
    },
    env: { NODE_EXTRA_CA_CERTS: certificate.caFile, ...env },
  });
  return service;
}

async function call({ url }: IceService): Promise<number> {
  const token = await signToken(key, { claims: { iss: issuer, exp: secondsFromNow(600) } });
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/api/v1/ice-servers`, { headers });
  return response.status;
}

describe("a service behind an outgoing proxy", () => {
  it("fetches keys through it, and logs nothing of its credentials", async () => {
    const proxy = `http://${user.name}:${user.password}@${squid.address}`;
    const running = await start({ HTTPS_PROXY: proxy, https_proxy: "http://127.0.0.1:9" });
    expect(await call(running)).toBe(200);
    await running.stop();
    // Logged when the tunnel has ended.
    await expect.poll(() => squid.requests()).toContain(`CONNECT ${new URL(jwksUrl).host} 200`);
    expect(running.stderr()).not.toContain(user.password);
  });

  it("fetches keys through one that speaks TLS itself", async () => {
    const upstreamPort = Number(squid.address.split(":")[1]);
    const front = await startTlsFront({ certificate, upstreamPort });
    const proxy = `https://${user.name}:${user.password}@localhost:${front.port}`;
    const running = await start({ HTTPS_PROXY: proxy });
    expect(await call(running)).toBe(200);
    await running.stop();
    await front.stop();
  });

  it.each([
    ["demands a user", () => squid.address, /^HTTP status 407 of the proxy/],
    ["is down", async () => `127.0.0.1:${await findFreePort()}`, /^ECONNREFUSED/],
  ])("starts when it %s, rejects JWTs, and names the proxy in the log", async (_, find, cause) => {
    const address = await find();
    const running = await start({ https_proxy: `http://ice:hidden-pass@${address}` });
    expect(await call(running)).toBe(401);
    const line = running
      .logs()
      .find(({ msg }) => msg.startsWith("the issuer's keys cannot be loaded"));
    expect(line).toMatchObject({
      problem: expect.stringMatching(cause),
      url: jwksUrl,
    });
    expect(line?.["problem"]).toContain(`(through the proxy http://${address})`);
    expect(running.stderr()).not.toContain("hidden-pass");
  });

  it("does not start with a proxy that cannot be used, unless NO_PROXY names the host", async () => {
    const env = { HTTPS_PROXY: "socks5://ice:hidden-pass@proxy:1080" };
    const failure = start(env).catch((error) => error.message);
    const output = await failure;
    expect(output).toContain("auth.jwt[0].jwksUrl: is to be fetched through a proxy");
    expect(output).toContain("HTTPS_PROXY has the protocol socks5:");
    expect(output).not.toContain("hidden-pass");
    const running = await start({ ...env, NO_PROXY: ".idp.test" });
    expect(await call(running)).toBe(401);
  });
});
