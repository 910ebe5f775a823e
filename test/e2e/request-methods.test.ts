import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createHttpClient,
  type HttpClient,
  type HttpRequest,
  type HttpVersion,
} from "../conformance/http-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { openRawConnection } from "../parts/raw-connection.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "request-methods-token";
const authorization = `Bearer ${token}`;
const rest = "/api/v1/ice-servers";
const watch = `${rest}:watch`;
const rpc = "/ice.v1.IceService/GetIceServers";

let service: IceService;
let withPage: IceService;
beforeAll(async () => {
  const files = { "tokens.yaml": connectorTokens({ methods: token }) };
  const config = {
    auth: { connectorTokensFile: "tokens.yaml" },
    limits: { watches: 1 },
    log: { level: "debug" },
  };
  service = await startIceService({ files, config: { ...config, admin: { port: 0 } } });
  withPage = await startIceService({ files, config: { ...config, diagnostics: true } });
});
afterAll(() => Promise.all([service.stop(), withPage.stop()]));

/** Sends one request over a connection of its own. */
async function send(url: string, version: HttpVersion, request: HttpRequest) {
  const client: HttpClient = createHttpClient(url, version);
  try {
    return await client.send(request);
  } finally {
    client.close();
  }
}

describe.each<[HttpVersion]>([["1.1"], ["2"]])("OPTIONS over HTTP/%s", (version) => {
  const options = (url: string, path: string, headers = {}) =>
    send(url, version, { method: "OPTIONS", path, headers });

  // electric-sql/electric#1646; RFC 9110 section 9.3.7
  it.each<[path: string, allow: string]>([
    ["*", "GET, HEAD, POST, OPTIONS"],
    ["/", "GET, HEAD, POST, OPTIONS"],
    ["/?x", "GET, HEAD, POST, OPTIONS"],
    ["/healthz", "GET, HEAD, OPTIONS"],
    [rest, "GET, HEAD, OPTIONS"],
    [`${rest}?token=wrong`, "GET, HEAD, OPTIONS"],
    [watch, "GET, HEAD, OPTIONS"],
    [rpc, "POST, GET, HEAD, OPTIONS"],
    ["/ice.v1.IceService/WatchIceServers", "POST, OPTIONS"],
    ["/grpc.health.v1.Health/Check", "POST, OPTIONS"],
  ])("says what %s takes: %s", async (path, allow) => {
    const { status, headers, body } = await options(service.url, path);
    expect(status).toBe(204);
    expect(headers["allow"]).toBe(allow);
    expect(headers).not.toHaveProperty("content-length");
    expect(body).toHaveLength(0);
  });

  it.each(["/", "/diagnostics/diagnostics.js"])("says what the page takes at %s", async (path) => {
    expect((await options(withPage.url, path)).headers["allow"]).toBe("GET, HEAD, OPTIONS");
  });

  it.each(["*", "/", "/metrics", "/readyz"])(
    "is answered by the admin listener: %s",
    async (path) => {
      const { status, headers } = await options(service.adminUrl ?? "", path);
      expect(status).toBe(204);
      expect(headers["allow"]).toBe("GET, HEAD, OPTIONS");
      expect(headers).not.toHaveProperty("content-length");
    },
  );

  it.each(["/nowhere", "/api", "/*"])("finds no %s", async (path) => {
    for (const url of [service.url, service.adminUrl ?? ""]) {
      expect((await options(url, path)).status).toBe(404);
    }
  });

  it("is no preflight without Access-Control-Request-Method", async () => {
    const { status, headers } = await options(service.url, rest, { origin: "https://a.example" });
    expect(status).toBe(204);
    expect(headers["allow"]).toBe("GET, HEAD, OPTIONS");
    expect(headers).not.toHaveProperty("access-control-allow-methods");
    expect(headers["access-control-allow-origin"]).toBe("*");
  });
});

describe("OPTIONS", () => {
  it.each([
    "OPTIONS / HTTP/1.0\r\n\r\n",
    "OPTIONS * HTTP/1.0\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "OPTIONS http://a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "OPTIONS / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
  ])("is answered as sent: %j", async (request) => {
    const { socket, closed } = await openRawConnection(service.port);
    socket.write(request);
    const answer = await closed;
    expect(answer).toMatch(/^HTTP\/1\.1 204 No Content\r\n/);
    expect(answer.toLowerCase()).toContain("\r\nallow: get, head, post, options\r\n");
    expect(answer).toMatch(/\r\n\r\n$/);
  });

  it("is in the log at debug only, like a probe, and counted", async () => {
    await send(service.url, "1.1", { method: "OPTIONS", path: rpc });
    await expect
      .poll(() => service.logs().findLast(({ method }) => method === "OPTIONS"))
      .toMatchObject({ level: "debug", protocol: "http", target: "options", status: 204 });
    const { text } = await scrape(service);
    expect(text).toMatch(
      /^ice_requests_total\{protocol="http",method="options",code="ok",.*\} \d/m,
    );
  });
});

// thomiceli/opengist#773, gotify/server#687, CoreBunch/Instatic#306; RFC 9110 section 9.3.2
describe.each<[HttpVersion]>([["1.1"], ["2"]])("HEAD over HTTP/%s", (version) => {
  it.each<[what: string, url: () => string, path: string, status: number]>([
    ["the page", () => withPage.url, "/", 200],
    ["a file of the page", () => withPage.url, "/diagnostics/diagnostics.js", 200],
    ["no page", () => service.url, "/", 404],
    ["a probe", () => service.url, "/health", 200],
    ["a probe", () => service.url, "/readyz", 200],
    ["REST", () => service.url, rest, 200],
    ["REST with a wrong parameter", () => service.url, `${rest}?ttlSeconds=x`, 400],
    ["a watch with a wrong value", () => service.url, `${watch}?region=nowhere`, 400],
    ["Connect GET", () => service.url, `${rpc}?encoding=json&message=%7B%7D`, 200],
    ["Connect GET without an encoding", () => service.url, rpc, 415],
    ["an RPC that is not for GET", () => service.url, "/grpc.health.v1.Health/Check", 405],
    ["the admin index", () => service.adminUrl ?? "", "/", 200],
    ["an admin probe", () => service.adminUrl ?? "", "/readyz", 200],
    ["TURN health", () => service.adminUrl ?? "", "/health/turn", 200],
    ["an unknown path", () => service.adminUrl ?? "", "/nowhere", 404],
  ])("of %s is as GET, without a body", async (_, findUrl, path, status) => {
    const headers = { authorization };
    const get = await send(findUrl(), version, { method: "GET", path, headers });
    const head = await send(findUrl(), version, { method: "HEAD", path, headers });
    expect([get.status, head.status]).toEqual([status, status]);
    expect(head.body).toHaveLength(0);
    expect(get.body.length).toBeGreaterThan(0);
    const names = ["content-type", "content-length", "allow", "content-security-policy"];
    expect(names.map((name) => head.headers[name])).toEqual(names.map((name) => get.headers[name]));
    expect(head.headers["content-length"]).toBe(String(get.body.length));
  });

  it("of a stream authenticates, sends its headers, and opens nothing", async () => {
    const headers = { authorization };
    const client = createHttpClient(service.url, version);
    const stream = client.start({ method: "GET", path: watch, headers });
    await stream.firstBytes;
    // The only watch there may be is open.
    const second = await send(service.url, version, { method: "GET", path: watch, headers });
    expect(second.status).toBe(429);
    const head = await send(service.url, version, { method: "HEAD", path: watch, headers });
    stream.cancel();
    client.close();
    expect(head).toMatchObject({
      status: 200,
      headers: {
        "content-type": "text/event-stream",
        "x-accel-buffering": "no",
        "cache-control": "no-store",
      },
    });
    expect(head.body).toHaveLength(0);
    expect(head.headers).not.toHaveProperty("content-length");
    const stranger = await send(service.url, version, { method: "HEAD", path: watch });
    expect(stranger.status).toBe(401);
    expect(stranger.headers["www-authenticate"]).toBe('Bearer realm="ice-service"');
    const wrong = { path: `${watch}?ttlSeconds=x`, headers };
    expect((await send(service.url, version, { method: "HEAD", ...wrong })).status).toBe(400);
  });
});

it("a connection is kept after HEAD of a stream", async () => {
  const { socket, closed } = await openRawConnection(service.port);
  socket.write(`HEAD ${watch} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n\r\n`);
  socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const answers = await closed;
  expect(answers).toMatch(/^HTTP\/1\.1 200 OK\r\n[^{]*\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  expect(answers).toMatch(/\{"status":"healthy"\}$/);
});
