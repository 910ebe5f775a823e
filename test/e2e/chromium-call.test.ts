import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CallPage, openCallPage } from "../parts/call-page.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "chromium-test-token";
const secret = "north-north-north-north";
let certificate: TestCertificate;
let coturn: Coturn;
let callPage: CallPage;
let service: IceService;

beforeAll(async () => {
  certificate = await createCertificate();
  coturn = await startCoturn({
    secrets: [secret],
    tls: certificate,
    ipv6: true,
    relayIps: ["127.0.0.1"],
  });
  callPage = await openCallPage();
  service = await startServiceFor(
    `turn:127.0.0.1:${coturn.port}`,
    `turn:127.0.0.1:${coturn.port}?transport=tcp`,
    `turns:127.0.0.1:${coturn.tlsPort}?transport=tcp`,
  );
});
afterAll(async () => {
  await service.stop();
  await callPage.stop();
  await coturn.stop();
  await certificate.stop();
});

/** A service that lets pages of this one origin in. */
const startServiceFor = (...turnUrls: string[]) =>
  startIceService({
    files: { "tokens.yaml": connectorTokens({ chromium: token }), "turn.secret": secret },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      cors: { allowedOrigins: [callPage.origin] },
      ice: {
        stunUrls: [`stun:127.0.0.1:${coturn.port}`],
        turn: { urls: turnUrls, secretFiles: ["turn.secret"] },
      },
    },
  });

const fetchRest = async (from: IceService) =>
  (await callPage.call("fetchRest", from.url, token)) as { iceServers: unknown[] };

describe("a page of another origin", () => {
  it("fetches the REST route after a preflight", async () => {
    const preflights: string[] = [];
    const devTools = await callPage.page.context().newCDPSession(callPage.page);
    await devTools.send("Network.enable");
    devTools.on("Network.requestWillBeSent", ({ request, initiator }) => {
      preflights.push(`${initiator.type} ${request.method} ${request.url}`);
    });
    const { iceServers } = await fetchRest(service);
    await devTools.detach();
    expect(preflights).toContain(`preflight OPTIONS ${service.url}/api/v1/ice-servers`);
    expect(iceServers).toHaveLength(2);
  });

  it.each<[relayProtocol: string, turnUrl: () => string]>([
    ["udp", () => `turn:127.0.0.1:${coturn.port}`],
    ["tcp", () => `turn:127.0.0.1:${coturn.port}?transport=tcp`],
    ["tls", () => `turns:127.0.0.1:${coturn.tlsPort}`],
    // An IPv6 literal, all the way.
    ["tcp", () => `turn:[::1]:${coturn.port}?transport=tcp`],
  ])("calls through the relay over %s with iceServers as they are", async (relayProtocol, url) => {
    const single = await startServiceFor(url());
    try {
      const { iceServers } = await fetchRest(single);
      const pair = { local: "relay", remote: "relay", relayProtocol };
      expect(await callPage.call("callThroughRelay", iceServers)).toEqual({
        echo: "echo of hello",
        pairs: [pair, pair],
      });
    } finally {
      await single.stop();
    }
  });

  it("calls through the relay when it may choose among all ways to connect", async () => {
    const { iceServers } = await fetchRest(service);
    expect(await callPage.call("callThroughRelay", iceServers)).toMatchObject({
      echo: "echo of hello",
      pairs: [
        { local: "relay", remote: "relay" },
        { local: "relay", remote: "relay" },
      ],
    });
  });
});

describe.each(["connect", "connect GET", "grpc-web"])("Connect-Web with %s", (protocol) => {
  it("gets servers that connect a call", async () => {
    const outcome = await callPage.call("fetchConnect", protocol, service.url, token);
    const { response } = outcome as { response: { iceServers: unknown[] } };
    expect(response).toMatchObject({ ttlSeconds: 120 });
    expect(response.iceServers).toEqual((await fetchRestUrls()).map(withCredential));
    expect(await callPage.call("callThroughRelay", response.iceServers)).toMatchObject({
      echo: "echo of hello",
    });
  });

  it("can read the error and its challenge", async () => {
    expect(await callPage.call("fetchConnect", protocol, service.url, "wrong")).toEqual({
      error: {
        code: 16,
        message: "invalid auth token",
        challenge: 'Bearer realm="ice-service", error="invalid_token"',
      },
    });
  });
});

const fetchRestUrls = async () =>
  (await fetchRest(service)).iceServers as { urls: string[]; username?: string }[];

/** Credentials differ from call to call; that they are there does not. */
const withCredential = ({ urls, username }: { urls: string[]; username?: string }) =>
  username === undefined
    ? { urls }
    : { urls, username: expect.any(String), credential: expect.any(String) };
