import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { credentials } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { runProgram } from "../parts/child-process.js";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import { flag, frameType, writeFrame, writeHeaders } from "../parts/http2-frames.js";
import { type IceService, type LogLine, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import {
  writeBinaryProxyHeader,
  writeProxyHeader,
  writeTextProxyHeader,
} from "../parts/proxy-header.js";
import { followConnection, type RawConnection } from "../parts/raw-connection.js";
import { startReconfigurableService } from "../parts/reconfigurable-service.js";
import { balancerAddress, startTcpBalancer } from "../parts/tcp-balancer.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "proxy-protocol-token";
const route = "/api/v1/ice-servers";
const clientAddress = "127.0.0.7";
const named = "203.0.113.9";
const request = (path: string, more = "") =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await createCertificate();
});
afterAll(() => certificate.stop());

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

interface Settings {
  readonly args?: readonly string[];
  readonly tls?: boolean;
  readonly listen?: object;
  readonly config?: object;
}

async function start({ args = [], tls = false, listen, config }: Settings = {}) {
  const { certFile, keyFile } = certificate;
  const service = await startIceService({
    args,
    files: { "tokens.yaml": connectorTokens({ balanced: token }) },
    config: {
      listen: {
        proxyProtocolFrom: [`${balancerAddress}/32`],
        ...(tls && { tls: { certFile, keyFile } }),
        ...listen,
      },
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls: ["stun:stun.example.com"] },
      shutdown: { delay: "0s", timeout: "20s" },
      ...config,
    },
  });
  stops.push(service.stop);
  return service;
}

const requests = (service: IceService): LogLine[] =>
  service.logs().filter(({ msg }) => msg === "request");
const eventually = <T>(probe: () => T) => expect.poll(probe, { timeout: 15_000 });

/** Connects as the balancer does. */
async function connectFrom(
  { port }: IceService,
  localAddress = balancerAddress,
): Promise<RawConnection> {
  const socket = connect({ port, host: "127.0.0.1", localAddress, noDelay: true });
  await once(socket, "connect");
  return followConnection(socket);
}

describe.each<[string, readonly string[]]>([
  ["one process", []],
  ["--workers 2", ["--workers", "2"]],
])("Behind HAProxy in TCP mode, %s", (_, args) => {
  describe.each(["send-proxy", "send-proxy-v2"])("with %s", (server) => {
    it.each([
      ["in the clear", false],
      ["over TLS", true],
    ])("names the client to every protocol %s", async (__, tls) => {
      const service = await start({ args, tls });
      const balancer = await startTcpBalancer({ upstreamPorts: [service.port], server });
      stops.push(balancer.stop);
      const url = `${tls ? "https" : "http"}://127.0.0.1:${balancer.port}${route}`;
      const curl = (...more: string[]) =>
        runProgram("curl", [
          ...["-sS", "--fail", "--interface", clientAddress, "--cacert", certificate.caFile],
          ...["-H", `Authorization: Bearer ${token}`, ...more, url],
        ]);
      await curl("--http1.1");
      await curl(tls ? "--http2" : "--http2-prior-knowledge");
      const client = createGrpcJsClient(
        `127.0.0.1:${balancer.port}`,
        tls ? credentials.createSsl(readFileSync(certificate.caFile)) : undefined,
      );
      stops.push(client.stop);
      await client.getIceServers({ token });
      await eventually(() =>
        requests(service).map(({ protocol, remoteAddress }) => [protocol, remoteAddress]),
      ).toEqual([
        ["rest", clientAddress],
        ["rest", clientAddress],
        ["grpc", "127.0.0.1"],
      ]);
    });
  });
});

describe("HAProxy's checks in TCP mode", () => {
  it.each(["send-proxy", "send-proxy-v2"])("with %s find the service up", async (server) => {
    const service = await start({ config: { log: { level: "debug" } } });
    const balancer = await startTcpBalancer({
      upstreamPorts: [service.port],
      server: `${server} check inter 100ms fall 1 rise 1`,
      lines: ["option httpchk GET /readyz", "http-check send hdr Host localhost"],
    });
    stops.push(balancer.stop);
    // Only a server that is up gets connections.
    const response = await fetch(`http://127.0.0.1:${balancer.port}/health`);
    expect(response.status).toBe(200);
    const checks = () => requests(service).filter(({ target }) => target === "/readyz");
    await eventually(() => checks().length).toBeGreaterThan(2);
    expect((await fetch(`http://127.0.0.1:${balancer.port}/health`)).status).toBe(200);
    expect(service.logs().filter(({ level }) => level === "warn")).toEqual([]);
  });
});

const unix = writeBinaryProxyHeader(0x21, 0x31, Buffer.alloc(216));
const extension = Buffer.from("04000161", "hex");

describe("The header of a balancer", () => {
  it.each<[what: string, header: Buffer, address: string]>([
    ["version 1", writeTextProxyHeader(named), named],
    ["version 1, IPv6", Buffer.from("PROXY TCP6 2001:DB8::9 ::1 1 2\r\n"), "2001:db8::9"],
    ["version 1, UNKNOWN", Buffer.from("PROXY UNKNOWN\r\n"), balancerAddress],
    ["version 2", writeProxyHeader(named), named],
    ["version 2, LOCAL", writeBinaryProxyHeader(0x20, 0x00), balancerAddress],
    ["version 2, UNSPEC", writeBinaryProxyHeader(0x21, 0x00, extension), balancerAddress],
    ["version 2, AF_UNIX", unix, balancerAddress],
  ])("%s, in one segment with the request and byte by byte", async (_, header, address) => {
    const service = await start();
    const whole = await connectFrom(service);
    const bytes = Buffer.concat([header, Buffer.from(request(route))]);
    whole.socket.write(bytes);
    expect(await whole.closed).toMatch(/^HTTP\/1\.1 200 .*"iceServers"/s);
    const slow = await connectFrom(service);
    for (const byte of bytes) {
      slow.socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect(await slow.closed).toMatch(/^HTTP\/1\.1 200 .*"iceServers"/s);
    const addresses = () => requests(service).map(({ remoteAddress }) => remoteAddress);
    await eventually(addresses).toEqual([address, address]);
  });

  it("is followed by an HTTP/2 preface in the same segment, or later", async () => {
    const service = await start();
    const get = {
      ...{ ":method": "GET", ":scheme": "http", ":path": route, ":authority": "x" },
      authorization: `Bearer ${token}`,
    };
    const flags = flag.endHeaders | flag.endStream;
    const rest = Buffer.concat([
      Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      writeFrame(frameType.settings, 0, 0),
      writeFrame(frameType.headers, flags, 1, writeHeaders(get)),
    ]);
    const header = writeProxyHeader(named);
    const whole = await connectFrom(service);
    whole.socket.write(Buffer.concat([header, rest]));
    await eventually(whole.received).toMatch(/"iceServers"/);
    const parts = await connectFrom(service);
    parts.socket.write(header);
    await sleep(50);
    parts.socket.write(rest.subarray(0, 10));
    await sleep(50);
    parts.socket.write(rest.subarray(10));
    await eventually(parts.received).toMatch(/"iceServers"/);
    whole.socket.destroy();
    parts.socket.destroy();
    const addresses = () => requests(service).map(({ remoteAddress }) => remoteAddress);
    await eventually(addresses).toEqual([named, named]);
  });

  it.each([
    ["in the same segment", 0],
    ["later", 50],
  ])("is followed by a TLS handshake %s", async (_, delayMs) => {
    const service = await start({ tls: true });
    for (const protocol of ["h2", "http/1.1"]) {
      const { socket } = await connectFrom(service);
      const secure = connectTls({
        socket: await sendHeader(socket, writeProxyHeader(named), delayMs),
        servername: "localhost",
        ca: readFileSync(certificate.caFile),
        ALPNProtocols: [protocol],
      });
      await once(secure, "secureConnect");
      if (protocol === "h2") {
        const session = connectHttp2("https://localhost", { createConnection: () => secure });
        const stream = session.request({ ":path": route, authorization: `Bearer ${token}` });
        const [headers] = await once(stream, "response");
        expect(headers[":status"]).toBe(200);
        session.destroy();
      } else {
        secure.write(request(route));
        expect(await text(secure)).toMatch(/^HTTP\/1\.1 200/);
      }
      socket.destroy();
    }
    const addresses = () => requests(service).map(({ remoteAddress }) => remoteAddress);
    await eventually(addresses).toEqual([named, named]);
  });

  it("names the peer to trustedProxies", async () => {
    const service = await start({ listen: { trustedProxies: [named] } });
    const ask = async (header: Buffer) => {
      const { socket, closed } = await connectFrom(service);
      const sent = request(route, "X-Forwarded-For: 192.0.2.1\r\n");
      socket.write(Buffer.concat([header, Buffer.from(sent)]));
      await closed;
    };
    await ask(writeProxyHeader(named));
    await ask(writeProxyHeader("203.0.113.10"));
    await ask(writeBinaryProxyHeader(0x20, 0x00));
    const addresses = () => requests(service).map(({ remoteAddress }) => remoteAddress);
    await eventually(addresses).toEqual(["192.0.2.1", "203.0.113.10", balancerAddress]);
  });

  it("names the address that failed authentication is limited by", async () => {
    const limits = { failedAuthentication: { requests: 1, window: "1h" } };
    const service = await start({ config: { limits } });
    const ask = async (address: string) => {
      const { socket, closed } = await connectFrom(service);
      const sent = request(route).replace(token, "wrong");
      socket.write(writeTextProxyHeader(address) + sent);
      return (await closed).slice(9, 12);
    };
    expect(await ask(named)).toBe("401");
    expect(await ask(named)).toBe("429");
    expect(await ask("203.0.113.10")).toBe("401");
  });

  it("is logged for bytes that are no request", async () => {
    const service = await start();
    const { socket, closed } = await connectFrom(service);
    socket.write(Buffer.concat([writeProxyHeader(named), Buffer.from("\0\r\n\r\n")]));
    expect(await closed).toMatch(/^HTTP\/1\.1 400/);
    await eventually(() => requests(service).at(-1)).toMatchObject({ remoteAddress: named });
  });
});

describe("A connection from a balancer", () => {
  it.each<[what: string, bytes: Buffer]>([
    ["that begins with a request", Buffer.from(request(route))],
    ["that begins with an HTTP/2 preface", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
    ["with a malformed header", Buffer.from("PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\r\n")],
    ["with a header above 4 KiB", writeBinaryProxyHeader(0x21, 0x00, Buffer.alloc(4_081))],
    ["that sends half a header", writeProxyHeader(named).subarray(0, 20)],
    ["that sends nothing", Buffer.alloc(0)],
  ])("%s is closed, and counted", async (_, bytes) => {
    const service = await start({ config: { admin: { port: 0 } } });
    const { socket, received } = await connectFrom(service);
    socket.write(bytes);
    await eventually(() => socket.destroyed).toBe(true);
    expect(received()).toBe("");
    const labels = { listener: "main", reason: "proxy_header" };
    expect((await scrape(service)).value("ice_connections_refused_total", labels)).toBe(1);
    await expect
      .poll(service.logs)
      .toContainEqual(expect.objectContaining({ level: "warn", listener: "main", refused: 1 }));
    expect(requests(service)).toEqual([]);
  });

  it("that its balancer ends before the header is no fault", async () => {
    const service = await start();
    const { socket } = await connectFrom(service);
    socket.end();
    await eventually(() => socket.destroyed).toBe(true);
    const half = await connectFrom(service);
    half.socket.write("PROXY TCP4 ");
    half.socket.resetAndDestroy();
    expect(await fetch(`${service.url}/health`)).toMatchObject({ status: 200 });
    expect(service.logs().filter(({ level }) => level === "warn")).toEqual([]);
  });

  it("counts against maxConnections while its header has not come", async () => {
    const service = await start({ listen: { maxConnections: 1 } });
    const { socket } = await connectFrom(service);
    const other = await connectFrom(service, "127.0.0.1");
    other.socket.write(request(route));
    await eventually(() => other.socket.destroyed).toBe(true);
    socket.write(Buffer.concat([writeProxyHeader(named), Buffer.from(request(route))]));
    await eventually(() => requests(service).length).toBe(1);
  });

  it("does not hold up a stop, with the header or without", async () => {
    for (const tls of [false, true]) {
      const service = await start({ tls });
      const silent = await connectFrom(service);
      const headed = await connectFrom(service);
      headed.socket.write(writeProxyHeader(named));
      expect((await fetchDirectly(service, tls)).slice(9, 12)).toBe("200");
      service.signal("SIGTERM");
      await Promise.all([silent.closed, headed.closed]);
      expect(await service.stop()).toBe(0);
    }
  });

  it("that is in the middle of a request is served while the service stops", async () => {
    const service = await start();
    const { socket, closed } = await connectFrom(service);
    const post = `POST /ice.v1.IceService/GetIceServers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: 2\r\n\r\n`;
    socket.write(Buffer.concat([writeProxyHeader(named), Buffer.from(post)]));
    expect((await fetchDirectly(service, false)).slice(9, 12)).toBe("200");
    service.signal("SIGTERM");
    // Longer than silent connections are kept.
    await sleep(3_000);
    socket.write("{}");
    expect(await closed).toMatch(/^HTTP\/1\.1 200 .*connection: close/is);
  });
});

it("listen.proxyProtocolFrom applies to new connections when it changes", async () => {
  const tokens = { "tokens.yaml": connectorTokens({ balanced: token }) };
  const auth = { connectorTokensFile: "tokens.yaml" };
  const reconfigurable = await startReconfigurableService({ auth }, tokens);
  stops.push(reconfigurable.stop);
  const { service } = reconfigurable;
  const ask = async (bytes: string | Buffer) => {
    const { socket, closed } = await connectFrom(service);
    socket.write(bytes);
    return closed.catch(() => "reset");
  };
  const headed = writeTextProxyHeader(named) + request(route);
  expect(await ask(headed)).toMatch(/^HTTP\/1\.1 400/);
  await reconfigurable.configure({
    auth,
    listen: {
      ...{ host: "127.0.0.1", port: 0 },
      proxyProtocolFrom: [balancerAddress],
    },
  });
  expect(await ask(headed)).toMatch(/^HTTP\/1\.1 200/);
  expect(await ask(request(route))).toMatch(/^(reset)?$/);
  await reconfigurable.configure({ auth });
  expect(await ask(request(route))).toMatch(/^HTTP\/1\.1 200/);
});

describe("Other connections", () => {
  it("from elsewhere are served without a header, and not with one", async () => {
    const service = await start();
    const plain = await connectFrom(service, clientAddress);
    plain.socket.write(request(route));
    expect(await plain.closed).toMatch(/^HTTP\/1\.1 200/);
    const headed = await connectFrom(service, clientAddress);
    headed.socket.write(writeTextProxyHeader(named) + request(route));
    expect(await headed.closed).toMatch(/^HTTP\/1\.1 400/);
    const addresses = () => requests(service).map(({ remoteAddress }) => remoteAddress);
    await eventually(addresses).toEqual([clientAddress, clientAddress]);
  });

  it("to the admin port are served without a header", async () => {
    const service = await start({ config: { admin: { port: 0 } } });
    const port = Number(new URL(service.adminUrl ?? "").port);
    const socket = connect({ port, host: "127.0.0.1", localAddress: balancerAddress });
    await once(socket, "connect");
    const connection = followConnection(socket);
    socket.write(request("/healthz"));
    expect(await connection.closed).toMatch(/^HTTP\/1\.1 200/);
  });
});

/** From an address that is no balancer's. */
async function fetchDirectly({ port }: IceService, tls: boolean): Promise<string> {
  const socket = tls
    ? connectTls({
        port,
        host: "127.0.0.1",
        servername: "localhost",
        rejectUnauthorized: false,
        ALPNProtocols: ["http/1.1"],
      })
    : connect(port, "127.0.0.1");
  await once(socket, tls ? "secureConnect" : "connect");
  const connection = followConnection(socket);
  socket.write(request("/health"));
  return connection.closed;
}

/** Sends a header before all else: with the first bytes, or some time before. */
async function sendHeader(socket: Socket, header: Buffer, delayMs: number): Promise<Duplex> {
  let ahead = header;
  if (delayMs > 0) {
    socket.write(header);
    ahead = Buffer.alloc(0);
    await sleep(delayMs);
  }
  const duplex = new Duplex({
    read: () => void socket.resume(),
    write(chunk: Buffer, _, done) {
      socket.write(Buffer.concat([ahead, chunk]), done);
      ahead = Buffer.alloc(0);
    },
    final: (done) => void socket.end(done),
  });
  socket.on("data", (chunk) => duplex.push(chunk)).on("end", () => duplex.push(null));
  return duplex;
}
