import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { envelop } from "../conformance/envelope.js";
import {
  createHttpClient,
  type HttpClient,
  type HttpRequest,
  type HttpVersion,
} from "../conformance/http-client.js";
import type { IceService } from "../parts/ice-service.js";
import { startIceService } from "../parts/ice-service.js";
import { type OtlpReceiver, startOtlpReceiver } from "../parts/otlp-receiver.js";
import { openRawConnection } from "../parts/raw-connection.js";
import { authorization, eventually, settings, soon } from "../parts/traced-service.js";

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const noMessage = envelop(Buffer.alloc(0));
const rpc = "/ice.v1.IceService/GetIceServers";
const watch = "/ice.v1.IceService/WatchIceServers";

let receiver: OtlpReceiver;
let service: IceService;
let clients: Record<HttpVersion, HttpClient>;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  service = await startIceService({
    ...settings,
    config: { ...settings.config, log: { level: "debug" } },
    env: { ...soon, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
  });
  const open = (version: HttpVersion) => createHttpClient(service.url, version);
  clients = { "1.1": open("1.1"), "2": open("2") };
});
afterAll(async () => {
  clients["2"].close();
  await service.stop();
  await receiver.stop();
});

const findLine = (requestId: string | undefined) =>
  service.logs().find((line) => line["requestId"] === requestId);

const requests: readonly [what: string, request: HttpRequest, status: number][] = [
  ["REST", { method: "GET", path: "/api/v1/ice-servers", headers: { authorization } }, 200],
  ["HEAD", { method: "HEAD", path: "/api/v1/ice-servers", headers: { authorization } }, 200],
  ["a stranger", { method: "GET", path: "/api/v1/ice-servers" }, 401],
  [
    "a wrong parameter",
    { method: "GET", path: "/api/v1/ice-servers?ttlSeconds=x", headers: { authorization } },
    400,
  ],
  ["an unknown path", { method: "GET", path: "/nowhere" }, 404],
  ["a wrong method", { method: "PUT", path: "/api/v1/ice-servers" }, 405],
  ["a wrong media type", { path: rpc, headers: { "content-type": "text/plain" } }, 415],
  ["a probe", { method: "GET", path: "/healthz" }, 200],
  ["OPTIONS", { method: "OPTIONS", path: "*" }, 204],
  [
    "a preflight",
    {
      method: "OPTIONS",
      path: rpc,
      headers: { origin: "https://a.example", "access-control-request-method": "POST" },
    },
    204,
  ],
  [
    "Connect",
    {
      path: rpc,
      headers: { authorization, "content-type": "application/json" },
      body: Buffer.from("{}"),
    },
    200,
  ],
  [
    "Connect without a token",
    { path: rpc, headers: { "content-type": "application/json" }, body: Buffer.from("{}") },
    401,
  ],
  [
    "a Connect stream without a token",
    { path: watch, headers: { "content-type": "application/connect+json" }, body: noMessage },
    200,
  ],
  [
    "gRPC-Web",
    {
      path: rpc,
      headers: { authorization, "content-type": "application/grpc-web" },
      body: noMessage,
    },
    200,
  ],
  [
    "gRPC-Web without a token",
    { path: rpc, headers: { "content-type": "application/grpc-web-text" }, body: noMessage },
    200,
  ],
];

const ofGrpc: readonly [what: string, request: HttpRequest, status: number][] = [
  [
    "gRPC",
    { path: rpc, headers: { authorization, "content-type": "application/grpc" }, body: noMessage },
    200,
  ],
  [
    "gRPC without a token",
    { path: rpc, headers: { "content-type": "application/grpc" }, body: noMessage },
    200,
  ],
  [
    "an unknown gRPC method",
    { path: "/a.B/C", headers: { "content-type": "application/grpc" }, body: noMessage },
    200,
  ],
];

describe.each<[HttpVersion, typeof requests]>([
  ["1.1", requests],
  ["2", [...requests, ...ofGrpc]],
])("over HTTP/%s", (version, all) => {
  it.each(all)("the id of %s is returned and logged", async (what, request, status) => {
    const sent = `${what.replaceAll(" ", "-")}-${version}`;
    const headers = { ...request.headers, "x-request-id": sent };
    const answer = await clients[version].send({ ...request, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers["x-request-id"]).toBe(sent);
    expect(answer.trailers).not.toHaveProperty("x-request-id");
    await eventually(() => findLine(sent)).toMatchObject({ msg: "request", status });
    const made = await clients[version].send(request);
    expect(made.headers["x-request-id"]).toMatch(uuid);
    await eventually(() => findLine(made.headers["x-request-id"])).toMatchObject({ status });
  });

  it.each(["application/connect+proto", "application/grpc-web"])(
    "a stream of %s has an id",
    async (contentType) => {
      const sent = `${contentType}-${version}`;
      const stream = clients[version].start({
        path: watch,
        headers: { authorization, "content-type": contentType, "x-request-id": sent },
        body: noMessage,
      });
      await stream.firstBytes;
      stream.cancel();
      await eventually(() => findLine(sent)).toMatchObject({ code: "canceled" });
    },
  );

  // utksh1/SecuScan#2013, dabapps/django-log-request-id#52
  it.each<[what: string, sent: string | string[]]>([
    ["too long", "x".repeat(129)],
    ["of several words", "a b"],
    ["beyond ASCII", "\u00e9"],
    ["given twice", ["a", "b"]],
    ["empty", ""],
  ])("an id that is %s is replaced", async (_, sent) => {
    const { headers } = await clients[version].send({
      method: "GET",
      path: "/healthz",
      headers: { "x-request-id": sent },
    });
    expect(headers["x-request-id"]).toMatch(uuid);
  });

  it("an id may hold what JSON escapes", async () => {
    const sent = `"\\,{}<>&'\`~!`;
    const headers = { authorization, "x-request-id": sent };
    const path = "/api/v1/ice-servers";
    const answer = await clients[version].send({ method: "GET", path, headers });
    expect(answer.headers["x-request-id"]).toBe(sent);
    await eventually(() => findLine(sent)).toMatchObject({ code: "ok" });
  });

  it("an id is on the span", async () => {
    const sent = `span-${version}`;
    const headers = { authorization, "x-request-id": sent };
    await clients[version].send({ method: "GET", path: "/api/v1/ice-servers", headers });
    await eventually(() =>
      receiver.spans().map(({ attributes }) => attributes["ice_service.request.id"]),
    ).toContain(sent);
  });
});

describe("what is no HTTP request", () => {
  it.each<[what: string, bytes: string, status: number]>([
    ["garbage", "nonsense\r\n\r\n", 400],
    ["headers that are too large", `GET / HTTP/1.1\r\nA: ${"a".repeat(21_000)}\r\n\r\n`, 431],
  ])("gets an id as well: %s", async (_, bytes, status) => {
    const { socket, closed } = await openRawConnection(service.port);
    socket.write(bytes);
    const answer = await closed;
    expect(answer).toMatch(`HTTP/1.1 ${status} `);
    const [, requestId] = /^x-request-id: (.*)\r$/m.exec(answer) ?? [];
    expect(requestId).toMatch(uuid);
    await eventually(() => findLine(requestId)).toMatchObject({ status });
  });
});

describe("userAgent", () => {
  const ask = async (userAgent: string | undefined) => {
    const { socket, closed } = await openRawConnection(service.port);
    const header = userAgent === undefined ? "" : `User-Agent: ${userAgent}\r\n`;
    socket.end(
      Buffer.from(
        `GET /api/v1/ice-servers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${header}\r\n`,
        "latin1",
      ),
    );
    const [, requestId] = /^x-request-id: (.*)\r$/m.exec(await closed) ?? [];
    await eventually(() => findLine(requestId)).toBeDefined();
    return findLine(requestId)?.["userAgent"];
  };

  it.each([
    "curl/7.88.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    '"quoted" \\ and {braced}',
    "x".repeat(256),
  ])("is in the log: %s", async (userAgent) => {
    expect(await ask(userAgent)).toBe(userAgent);
  });

  it("is cut when it is long", async () => {
    expect(await ask("x".repeat(257))).toBe(`${"x".repeat(253)}...`);
    expect(await ask("x".repeat(10_000))).toBe(`${"x".repeat(253)}...`);
  });

  it("shows no control characters", async () => {
    expect(await ask("a\u009b31mb\u0085c")).toBe("a\u009b31mb\u0085c");
    await expect.poll(service.stderr).toContain("a\\u009b31mb\\u0085c");
  });

  it("is left out where a client sends none", async () => {
    expect(await ask(undefined)).toBeUndefined();
  });
});
