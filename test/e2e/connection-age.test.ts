import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
} from "../../src/gen/grpc/health/v1/health_pb.js";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import {
  connectRawHttp2,
  flag,
  frameType,
  startRawHttp2,
  writeFrame,
  writeHeaders,
} from "../parts/http2-frames.js";
import { type IceService as IceServiceProcess, startIceService } from "../parts/ice-service.js";
import { startKeepAliveLoad } from "../parts/keep-alive-load.js";
import { generatePythonClient } from "../parts/python-grpc.js";
import { openRawConnection } from "../parts/raw-connection.js";
import { startTcpBalancer } from "../parts/tcp-balancer.js";
import { connectorTokens } from "../parts/tokens.js";
import {
  type OpenWatcher,
  watchWithConnect,
  watchWithCurl,
  watchWithGrpcJs,
  watchWithGrpcWeb,
} from "../parts/watchers.js";

const token = "connection-age-token";
const headers = { authorization: `Bearer ${token}` };
const route = "/api/v1/ice-servers";
const maxStreamId = 2 ** 31 - 1;
/** How long load goes on, in seconds: several connections of each client. */
const loadSeconds = 5;
const eventually = <T>(probe: () => T) => expect.poll(probe, { timeout: 15_000 });

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await createCertificate();
});
afterAll(() => certificate.stop());

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

interface Settings {
  readonly args?: readonly string[];
  readonly maxConnectionAge?: string;
  readonly timeout?: string;
  readonly tls?: boolean;
}

async function start({
  args = [],
  maxConnectionAge = "1s",
  timeout = "10s",
  tls = false,
}: Settings = {}): Promise<IceServiceProcess> {
  const { certFile, keyFile } = certificate;
  const service = await startIceService({
    args,
    files: { "tokens.yaml": connectorTokens({ aging: token }), "turn.secret": "north-north-north" },
    config: {
      listen: { maxConnectionAge, ...(tls && { tls: { certFile, keyFile } }) },
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: {
        stunUrls: [],
        turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] },
      },
      shutdown: { delay: "0s", timeout },
    },
  });
  stops.push(service.stop);
  return service;
}

const call = (streamId: number, path = route) =>
  writeFrame(
    frameType.headers,
    flag.endHeaders | flag.endStream,
    streamId,
    writeHeaders({
      ...{ ":method": "GET", ":scheme": "http", ":path": path, ":authority": "x" },
      authorization: `Bearer ${token}`,
    }),
  );

describe("listen.maxConnectionAge ends an HTTP/2 connection", () => {
  it("in the clear by GOAWAY in two steps, and without a stream that it has not answered", async () => {
    const service = await start();
    const client = await connectRawHttp2(service.port);
    client.socket.write(call(1));
    await eventually(client.endedStreams).toEqual([1]);
    expect(client.goAways()).toEqual([]);
    await eventually(() => client.goAways()[0]).toEqual({ lastStreamId: maxStreamId, code: 0 });
    client.socket.write(call(3));
    await eventually(client.isClosed).toBe(true);
    expect(client.endedStreams()).toEqual([1, 3]);
    expect(client.goAways().at(-1)).toEqual({ lastStreamId: 3, code: 0 });
  });

  it("over TLS by one GOAWAY, as Node serves no stream that comes after it", async () => {
    const service = await start({ tls: true });
    const client = startRawHttp2(await openSecure(service.port));
    client.socket.write(call(1));
    await eventually(client.isClosed).toBe(true);
    expect(client.endedStreams()).toEqual([1]);
    expect(client.goAways().length).toBeGreaterThan(0);
    for (const goAway of client.goAways()) {
      expect(goAway).toEqual({ lastStreamId: 1, code: 0 });
    }
  });

  it("that has a call in progress when that is answered", async () => {
    const service = await start();
    const client = await connectRawHttp2(service.port);
    const post = writeHeaders({
      ...{ ":method": "POST", ":scheme": "http", ":authority": "x" },
      ":path": "/ice.v1.IceService/GetIceServers",
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
    });
    client.socket.write(writeFrame(frameType.headers, flag.endHeaders, 1, post));
    await eventually(() => client.goAways().length).toBe(2);
    expect(client.goAways()[1]).toEqual({ lastStreamId: 1, code: 0 });
    client.socket.write(writeFrame(frameType.data, flag.endStream, 1, Buffer.from("{}")));
    await eventually(client.endedStreams).toEqual([1]);
    await eventually(client.isClosed).toBe(true);
  });
});

describe("listen.maxConnectionAge ends an HTTP/1.1 connection", () => {
  it("with its next response", async () => {
    const service = await start();
    const { socket, received, closed } = await openRawConnection(service.port);
    const request = `GET ${route} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    socket.write(request);
    await eventually(received).toMatch(/^HTTP\/1\.1 200 .*\}$/s);
    expect(received()).not.toMatch(/connection: close/i);
    await sleep(1_500);
    expect(socket.readableEnded).toBe(false);
    const before = received().length;
    socket.write(request);
    expect((await closed).slice(before)).toMatch(/^HTTP\/1\.1 200 .*connection: close.*\}$/is);
  });
});

describe("At listen.maxConnectionAge", () => {
  it.each<[string, OpenWatcher]>([
    ["@grpc/grpc-js", watchWithGrpcJs],
    ["Connect over HTTP/1.1", watchWithConnect],
    ["gRPC-Web over HTTP/2", watchWithGrpcWeb],
    ["curl, as server-sent events", watchWithCurl],
  ])("a watch of %s ends with UNAVAILABLE after shutdown.timeout", async (_, openWatcher) => {
    const service = await start({ timeout: "3s" });
    const startedAtMs = performance.now();
    const watcher = openWatcher(service.url, { token });
    stops.push(watcher.leave);
    await eventually(() => watcher.lists.length).toBe(1);
    expect(await watcher.end).toBe("unavailable");
    // A timer is not early: 0.9 s and 3 s.
    expect(performance.now() - startedAtMs).toBeGreaterThan(3_800);
    await eventually(() => service.logs()).toContainEqual(
      expect.objectContaining({ msg: "request", level: "info", code: "unavailable" }),
    );
    const again = openWatcher(service.url, { token });
    stops.push(again.leave);
    await eventually(() => again.lists.length).toBe(1);
  });

  it("a watch that begins later on an HTTP/1.1 connection ends after shutdown.timeout too", async () => {
    const service = await start({ timeout: "2s" });
    const { socket, received, closed } = await openRawConnection(service.port);
    const ask = (path: string) =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    ask(route);
    await eventually(received).toMatch(/\}$/);
    await sleep(1_500);
    ask(`${route}:watch`);
    expect(await closed).toMatch(/connection: close.*event: error\r?\n.*unavailable/is);
  });

  it("a health watch goes on, and tells of the stop", async () => {
    const service = await start({ timeout: "1s" });
    const client = new Client(service.target, credentials.createInsecure());
    stops.push(() => client.close());
    const watch = client.makeServerStreamRequest(
      "/grpc.health.v1.Health/Watch",
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => fromBinary(HealthCheckResponseSchema, bytes).status,
      toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema)),
      new Metadata(),
    );
    const seen: unknown[] = [];
    watch
      .on("data", (status) => seen.push(status))
      .on("error", (error: ServiceError) => seen.push(error.code));
    await eventually(() => seen).toEqual([1]);
    // Far beyond the age and the time-out of watches.
    await sleep(5_000);
    expect(seen).toEqual([1]);
    service.signal("SIGTERM");
    // NOT_SERVING, then UNAVAILABLE at the end.
    await eventually(() => seen).toEqual([1, 2, 14]);
  });
});

describe.each<[string, readonly string[]]>([
  ["one process", []],
  ["--workers 2", ["--workers", "2"]],
])("No call is lost as connections of %s reach their age", (_, args) => {
  it("by callers over HTTP/1.1 of every protocol", async () => {
    const service = await start({ args });
    const options = { baseUrl: service.url, httpVersion: "1.1" } as const;
    const callers = [createConnectTransport(options), createGrpcWebTransport(options)].map(
      (transport) => {
        const client = createClient(IceService, transport);
        return () => client.getIceServers({}, { headers });
      },
    );
    const fetchList = async () => {
      const response = await fetch(service.url + route, { headers });
      await response.json();
      expect(response.status).toBe(200);
    };
    await Promise.all([...callers, fetchList].map(callWithoutPause));
  });

  it("by HTTP/1.1 clients that keep their connections", async () => {
    const service = await start({ args });
    const head = `GET ${route} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const load = startKeepAliveLoad(service.port, head, 16, 20);
    await sleep(loadSeconds * 1_000);
    await service.stop();
    const { answered, lastOnes, lost } = await load.ended;
    expect(lost).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    // Each connection but those that the stop ended.
    expect(lastOnes).toBeGreaterThan(16 * 3);
  });

  it.each([
    ["in the clear", false],
    ["over TLS", true],
  ])("by gRPC clients in Python and Node %s", async (__, tls) => {
    const service = await start({ args, tls });
    const python = await generatePythonClient();
    stops.push(python.stop);
    const client = createGrpcJsClient(
      service.target.replace("127.0.0.1", "localhost"),
      tls ? credentials.createSsl(readFileSync(certificate.caFile)) : undefined,
    );
    stops.push(client.stop);
    const call = () => client.getIceServers({ token }).catch(callAgainIfRefused);
    // Over TLS, Node refuses what arrives after the announcement. grpc-js makes such a call again once; at
    // this age, a busy machine can meet two ends in a row.
    const callAgainIfRefused = (error: unknown) => {
      if (tls && String(error).includes("Stream refused by server")) {
        return client.getIceServers({ token });
      }
      throw error;
    };
    const [outcome] = await Promise.all([
      python.getIceServers({
        target: service.target.replace("127.0.0.1", "localhost"),
        token,
        repeatSeconds: loadSeconds,
        ...(tls && { caFile: certificate.caFile }),
      }),
      ...Array.from({ length: 8 }, () => callWithoutPause(call)),
    ]);
    expect(outcome).toMatchObject({ response: { ttlSeconds: 86_400 } });
  });
});

it("listen.maxConnectionAge lets HAProxy in TCP mode spread the calls of one client", async () => {
  const services = [await start(), await start()];
  const balancer = await startTcpBalancer({ upstreamPorts: services.map(({ port }) => port) });
  stops.push(balancer.stop);
  const client = createGrpcJsClient(`127.0.0.1:${balancer.port}`);
  stops.push(client.stop);
  const count = ({ logs }: IceServiceProcess) =>
    logs().filter(({ protocol, code }) => protocol === "grpc" && code === "ok").length;
  await eventually(async () => {
    await client.getIceServers({ token });
    return services.every((service) => count(service) > 0);
  }).toBe(true);
});

/** Calls again and again; rejects as the first call that fails does. */
async function callWithoutPause(call: () => Promise<unknown>): Promise<void> {
  const endsAtMs = performance.now() + loadSeconds * 1_000;
  while (performance.now() < endsAtMs) {
    await call();
  }
}

async function openSecure(port: number) {
  const socket = connectTls({
    port,
    host: "127.0.0.1",
    servername: "localhost",
    ca: readFileSync(certificate.caFile),
    ALPNProtocols: ["h2"],
  });
  await once(socket, "secureConnect");
  return socket;
}
