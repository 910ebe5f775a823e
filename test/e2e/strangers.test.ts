import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { childPids } from "../parts/child-process.js";
import { flag, frameType, writeFrame, writeHeaders } from "../parts/http2-frames.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { followConnection } from "../parts/raw-connection.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "strangers-test-token";
const preface = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  writeFrame(frameType.settings, 0, 0),
]);
const goAway = (code: number) =>
  writeFrame(frameType.goAway, 0, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0, code]));
const reset = writeFrame(frameType.resetStream, 0, 1, Buffer.from([0, 0, 0, 8]));
const data = writeFrame(frameType.data, 0, 1, Buffer.alloc(5));
const lastData = writeFrame(frameType.data, flag.endStream, 1, Buffer.alloc(5));

/** A request without its end, so that the stream is open when the next frame closes it. */
function openStream(path: string, headers: Record<string, string>, id = 1): Buffer {
  const fields = { ":method": "POST", ":scheme": "http", ":path": path, ":authority": "x" };
  const block = writeHeaders({ ...fields, ...headers });
  return writeFrame(frameType.headers, flag.endHeaders, id, block);
}
/** Node stops at the frame before it, and nghttp2 reads it all the same. */
const another = Buffer.concat([
  openStream("/health", {}, 3),
  writeFrame(frameType.data, flag.endStream, 3, Buffer.alloc(5)),
]);
const tooMuchWindow = writeFrame(frameType.windowUpdate, 0, 0, Buffer.from("7fffffff", "hex"));

const paths = [
  "/health",
  "/metrics",
  "/nothing",
  "/api/v1/ice-servers",
  "/ice.v1.IceService/GetIceServers",
  "/ice.v1.IceService/WatchIceServers",
  "/grpc.health.v1.Health/Watch",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];
const headers = [
  { expect: "100-continue" },
  { expect: "100-continue", "content-type": "application/grpc", te: "trailers" },
  { "content-type": "application/grpc", authorization: `Bearer ${token}` },
  { "content-type": "application/json", authorization: `Bearer ${token}` },
];
const endings = [
  [reset],
  [data, reset],
  [lastData, reset],
  [goAway(0)],
  [goAway(1)],
  [goAway(1), lastData],
  [reset, goAway(0)],
  [goAway(1), another],
  [reset, goAway(0), another],
  [goAway(1), tooMuchWindow, another],
];
const segments = paths.flatMap((path) =>
  headers.flatMap((fields) =>
    endings.map((ending) => Buffer.concat([preface, openStream(path, fields), ...ending])),
  ),
);

/** Sends all bytes in one segment, and waits until the server has closed or answered a while. */
async function sendSegment(port: number, bytes: Buffer): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {}).resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.end(bytes);
  await closed;
}

const limited = { shutdown: { timeout: "1s" } };
const common = {
  files: { "tokens.yaml": connectorTokens({ strangers: token }) },
  config: {
    admin: { host: "127.0.0.1", port: 0 },
    auth: { connectorTokensFile: "tokens.yaml" },
    ...limited,
  },
};

describe.each([
  { name: "one process", args: [] },
  { name: "two workers", args: ["--workers", "2"] },
])("with $name, frames that end a stream in the packet that opens it", ({ args }) => {
  let service: IceService;
  beforeAll(async () => {
    service = await startIceService({ ...common, args });
  });
  afterAll(() => service.stop());

  it.each(["public", "admin"] as const)("end no process on the %s port", async (which) => {
    const pids = () => [service.pid, ...childPids(service.pid)];
    const before = pids();
    expect(before).toHaveLength(args.length === 0 ? 1 : 3);
    const port = which === "public" ? service.port : Number(new URL(`${service.adminUrl}`).port);
    for (const segment of segments) {
      await sendSegment(port, segment);
    }
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
    expect(pids()).toEqual(before);
    expect(service.logs().filter(({ level }) => level === "error")).toEqual([]);
    expect((await scrape(service)).value("ice_unexpected_errors_total")).toBe(0);
  });
});

describe("an HTTP/2 preface over TLS without ALPN", () => {
  let certificate: TestCertificate;
  let service: IceService;
  beforeAll(async () => {
    certificate = await createCertificate();
    const { certFile, keyFile } = certificate;
    service = await startIceService({
      ...common,
      config: { ...common.config, listen: { tls: { certFile, keyFile } } },
    });
  });
  afterAll(async () => {
    await service.stop();
    await certificate.stop();
  });
  afterEach(() => expect(childPids(service.pid)).toEqual([]));

  const greetStranger = async (ALPNProtocols: string[]) => {
    const socket = connect({ port: service.port, host: "127.0.0.1", localAddress: "127.0.0.2" });
    const stranger = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols });
    stranger.on("error", () => {});
    stranger.write(preface);
    return text(stranger);
  };

  it.each([[[]], [["http/1.1"]]])("is a malformed request of HTTP/1.1 (ALPN %j)", async (alpn) => {
    expect(await greetStranger(alpn)).toMatch(/^HTTP\/1\.1 400 .*problem\+json/s);
  });

  it("leaves the next clients their own address, and their calls are made once", async () => {
    for (let i = 0; i < 3; i += 1) {
      await greetStranger([]);
    }
    const requests = () =>
      service.logs().filter(({ target }) => target === "ice.v1.IceService/GetIceServers");
    const before = requests().length;
    for (let i = 0; i < 3; i += 1) {
      const session = connectHttp2(service.url, { rejectUnauthorized: false });
      const stream = session.request({
        ":path": "/api/v1/ice-servers",
        authorization: `Bearer ${token}`,
      });
      const [{ ":status": status }] = await once(stream, "response");
      expect(status).toBe(200);
      await text(stream);
      session.close();
      await once(session, "close");
    }
    await expect.poll(() => requests().length - before).toBeGreaterThanOrEqual(3);
    const own = requests().slice(before);
    expect(own.map(({ remoteAddress }) => remoteAddress)).toEqual(Array(3).fill("127.0.0.1"));
  });
});

describe.each([
  { name: "one process", args: [], isSecure: false },
  { name: "one process and TLS", args: [], isSecure: true },
  { name: "two workers", args: ["--workers", "2"], isSecure: false },
])("with $name, a stranger on HTTP/1.1", ({ args, isSecure }) => {
  let certificate: TestCertificate;
  let service: IceService;
  beforeAll(async () => {
    certificate = await createCertificate();
    const { certFile, keyFile } = certificate;
    service = await startIceService({
      ...common,
      config: { ...common.config, ...(isSecure && { listen: { tls: { certFile, keyFile } } }) },
      args,
    });
  });
  afterAll(async () => {
    await service.stop();
    await certificate.stop();
  });

  function open(which: "public" | "admin"): { socket: Socket; tcp: Socket } {
    const isPublic = which === "public";
    const port = isPublic ? service.port : Number(new URL(`${service.adminUrl}`).port);
    const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
    const socket =
      isPublic && isSecure
        ? connectTls({ socket: tcp.on("error", () => {}), rejectUnauthorized: false })
        : tcp;
    return { socket, tcp };
  }
  const statuses = (received: string) =>
    [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

  it.each([
    ["public", "websocket"],
    ["public", "h2c"],
    ["admin", "websocket"],
  ] as const)("who asks the %s port for %s gets no body served as a request", async (which, to) => {
    const { socket, received } = followConnection(open(which).socket);
    const first = `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${to}\r\n\r\n`;
    const body = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    socket.write(
      `${first}POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    await expect.poll(() => statuses(received())).toContain(200);
    socket.write(`${body}GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await once(socket, "close");
    expect(statuses(received())).toEqual([200, 404, 404]);
  });

  it("who resets its connections is logged with its address", async () => {
    const request = `GET /api/v1/ice-servers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const secureEvent = isSecure ? "secureConnect" : "connect";
    for (let i = 0; i < 50; i += 1) {
      const { socket, tcp } = open("public");
      socket.on("error", () => {});
      await once(socket, secureEvent);
      socket.write(i % 2 === 0 ? request : "no request\r\n\r\n");
      tcp.resetAndDestroy();
    }
    const { socket } = followConnection(open("public").socket);
    socket.write("GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await once(socket, "close");
    const requests = () => service.logs().filter(({ msg }) => msg === "request");
    await expect.poll(() => requests().some(({ code }) => code === "not_found")).toBe(true);
    const addresses = new Set(requests().map(({ remoteAddress }) => remoteAddress));
    expect([...addresses]).toEqual(["127.0.0.1"]);
  });
});
