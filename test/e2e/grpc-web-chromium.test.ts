import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type CallPage, openCallPage } from "../parts/call-page.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { issuedTurnServer } from "../parts/issued-turn-server.js";
import { type Nginx, startNginx } from "../parts/nginx.js";
import { millisecondsFromNow } from "../parts/real-time.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../parts/reconfigurable-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "grpc-web-chromium-token";
const metadata = { Authorization: `Bearer ${token}` };
const files = {
  "tokens.yaml": connectorTokens({ chromium: token }),
  "turn.secret": "north-north-north-north",
};

let page: CallPage;
let certificate: TestCertificate;
let clear: ReconfigurableService;
let tls: ReconfigurableService;
let nginx: Nginx;

const config = (name: string) => ({
  auth: { connectorTokensFile: "tokens.yaml" },
  cors: { allowedOrigins: [page.origin] },
  ice: {
    stunUrls: [`stun:${name}.example.com`],
    turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] },
  },
  shutdown: { delay: "0s", timeout: "1s" },
});
const tlsConfig = (name: string) => {
  const { certFile, keyFile } = certificate;
  return { ...config(name), listen: { tls: { certFile, keyFile } } };
};

beforeAll(async () => {
  page = await openCallPage("grpc-web-page-script.js");
  certificate = await createCertificate();
  clear = await startReconfigurableService(config("north"), files);
  tls = await startReconfigurableService(tlsConfig("north"), files);
  nginx = await startNginx({ upstreamPort: clear.service.port });
});
afterAll(async () => {
  await nginx.stop();
  await clear.stop();
  await tls.stop();
  await certificate.stop();
  await page.stop();
});

/** What it gets before the first test has changed anything, whatever ran before. */
const turnServer = issuedTurnServer("turn:turn.example.com");
const challenge = 'Bearer realm="ice-service"';

// In the clear, Chromium speaks HTTP/1.1; over TLS, HTTP/2.
describe.each<[string, () => string, () => ReconfigurableService, (name: string) => object]>([
  ["over HTTP/1.1", () => clear.service.url, () => clear, config],
  ["over HTTP/2", () => tls.service.url, () => tls, tlsConfig],
  ["through nginx", () => nginx.restUrl, () => clear, config],
])("npm's grpc-web %s", (_, findUrl, findRunning, configure) => {
  afterEach(() => page.call("leaveGrpcWeb", "test"));
  const call = (options: object) => page.call("callGrpcWeb", findUrl(), options);

  describe.each([["text"], ["binary"]])("in %s mode", (format) => {
    // Its default is the text mode.
    const mode = format === "text" ? {} : { format };

    it("calls a unary method", async () => {
      expect(await call({ ...mode, metadata, request: { ttlSeconds: 120 } })).toEqual({
        response: {
          iceServers: [{ urls: ["stun:north.example.com"] }, turnServer],
          expireTime: expect.any(String),
          ttlSeconds: 120,
        },
        status: { code: 0, details: "" },
      });
    });

    it("calls with a deadline", async () => {
      const deadline = String(millisecondsFromNow(3_600_000));
      expect(await call({ ...mode, metadata: { ...metadata, deadline } })).toMatchObject({
        status: { code: 0 },
      });
    });

    it.each<[string, object, object]>([
      ["no token", { metadata: {} }, { code: 16, message: "invalid auth token", challenge }],
      [
        "a rejected token",
        { metadata: { Authorization: "Bearer wrong" } },
        { code: 16, challenge: `${challenge}, error="invalid_token"` },
      ],
      [
        "an invalid argument",
        { metadata, request: { maxUrls: -1 } },
        { code: 3, message: "max_urls must be 0 (no limit) or more" },
      ],
      [
        "a message that is not ASCII",
        { metadata, request: { region: "Zürich €" } },
        { code: 3, message: expect.stringContaining("region is unknown: no regions") },
      ],
    ])("is told of %s", async (_name, options, error) => {
      expect(await call({ ...mode, ...options })).toMatchObject({ error });
    });
  });

  const watch = (options: object) => page.call("watchGrpcWeb", "test", findUrl(), options);
  const eventually = () => expect.poll(() => page.call("readGrpcWeb", "test"), { timeout: 30_000 });

  it("opens a stream, is told of a change, and of its end", async () => {
    const running = findRunning();
    await watch({ metadata });
    const north = { iceServers: [{ urls: ["stun:north.example.com"] }, turnServer] };
    const south = { iceServers: [{ urls: ["stun:south.example.com"] }, turnServer] };
    await eventually().toMatchObject({ lists: [north] });
    onTestFinished(async () => {
      await running.configure(configure("north"));
      await running.replace("tokens.yaml", files["tokens.yaml"]);
    });
    await running.configure(configure("south"));
    await eventually().toMatchObject({ lists: [north, south] });
    await running.replace("tokens.yaml", connectorTokens({ other: "another-token" }));
    await eventually().toMatchObject({
      lists: [north, south],
      error: { code: 16, message: "invalid auth token" },
    });
  });

  it("ends a stream that it leaves", async () => {
    const running = findRunning();
    const countEnds = () =>
      running.service.logs().filter(({ msg, code }) => msg === "request" && code === "canceled")
        .length;
    const before = countEnds();
    await watch({ metadata });
    await eventually().toMatchObject({ lists: [{}] });
    await page.call("leaveGrpcWeb", "test");
    await expect.poll(countEnds, { timeout: 30_000 }).toBe(before + 1);
  });

  it.each([
    ["no token", { metadata: {} }, { code: 16, message: "invalid auth token" }],
    ["an invalid argument", { metadata, request: { maxUrls: -1 } }, { code: 3 }],
  ])("is told of %s by a stream", async (_name, options, error) => {
    await watch(options);
    await eventually().toMatchObject({ lists: [], error });
  });
});
