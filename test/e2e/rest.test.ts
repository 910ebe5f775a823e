import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "rest+test/token=";
const secret = "north-north-north-north";
let service: IceService;
let stunOnly: IceService;

beforeAll(async () => {
  const files = {
    "tokens.yaml": connectorTokens({ "rest-test": token }),
    "turn.secret": `${secret}\n`,
  };
  const auth = { connectorTokensFile: "tokens.yaml" };
  service = await startIceService({
    files,
    config: {
      auth,
      ice: {
        stunUrls: ["stun:stun.example.com:3478", "stun:stun.example.org"],
        turn: {
          urls: [
            "turn:turn.example.com:3478",
            "turn:turn.example.com:3478?transport=tcp",
            "turns:turn.example.com:443?transport=tcp",
          ],
          secretFiles: ["turn.secret"],
          ttl: "2h",
        },
      },
    },
  });
  stunOnly = await startIceService({
    files,
    config: { auth, ice: { stunUrls: [] }, cors: { allowedOrigins: ["https://app.example.com"] } },
  });
});
afterAll(async () => {
  await Promise.all([service.stop(), stunOnly.stop()]);
});

const authorization = { Authorization: `Bearer ${token}` };
const get = (path: string, headers: Record<string, string> = authorization, method = "GET") =>
  fetch(service.url + path, { headers, method });
const route = "/api/v1/ice-servers";

describe("GET /api/v1/ice-servers", () => {
  it("answers with what RTCPeerConnection takes, iceServers first", async () => {
    const response = await get(route);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    expect(text.startsWith('{"iceServers":[')).toBe(true);
    const body = JSON.parse(text);
    const { username, credential } = body.iceServers[2];
    expect(body).toEqual({
      iceServers: [
        { urls: ["stun:stun.example.com:3478"] },
        { urls: ["stun:stun.example.org"] },
        {
          urls: [
            "turn:turn.example.com:3478",
            "turn:turn.example.com:3478?transport=tcp",
            "turns:turn.example.com:443?transport=tcp",
          ],
          username,
          credential,
        },
      ],
      expireTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      ttlSeconds: 7200,
    });
    expect(username).toBe(`${Date.parse(body.expireTime) / 1000}:webrtc-gateway`);
    expect(credential).toBe(createHmac("sha1", secret).update(username).digest("base64"));
  });

  it("answers without TURN or STUN with an empty list and no expiry", async () => {
    const response = await fetch(stunOnly.url + route, { headers: authorization });
    expect(await response.text()).toBe('{"iceServers":[]}');
  });

  it.each(["ttlSeconds", "ttl_seconds"])("takes %s", async (name) => {
    expect(await (await get(`${route}?${name}=90`)).json()).toMatchObject({ ttlSeconds: 90 });
  });

  it("cuts the list to maxUrls and ignores unknown parameters", async () => {
    const body = (await (await get(`${route}?maxUrls=1&x=y&x=z`)).json()) as {
      iceServers: { urls: string[] }[];
    };
    expect(body.iceServers.map(({ urls }) => urls)).toEqual([
      ["turns:turn.example.com:443?transport=tcp"],
    ]);
  });

  it.each([
    ["ttlSeconds=abc", "ttlSeconds"],
    ["ttl_seconds=", "ttlSeconds"],
    ["ttlSeconds=59", "from 60 to 7200"],
    ["ttlSeconds=7201", "from 60 to 7200"],
    ["ttlSeconds=-1", "ttlSeconds"],
    ["max_urls=-1", "maxUrls"],
    ["maxUrls=1&maxUrls=2", "maxUrls"],
    ["region=mars", "region"],
  ])("answers ?%s with 400 that names %s", async (query, named) => {
    const response = await get(`${route}?${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = await response.json();
    expect(problem).toMatchObject({
      type: "about:blank",
      title: "Bad Request",
      status: 400,
      code: "invalid_argument",
      error: expect.stringContaining(named),
      detail: expect.stringContaining(named),
    });
  });

  it("tells which parameter is wrong, and how", async () => {
    expect(await (await get(`${route}?ttl_seconds=59`)).json()).toEqual({
      type: "about:blank",
      title: "Bad Request",
      status: 400,
      detail: "ttlSeconds must be 0 (the default) or from 60 to 7200",
      code: "invalid_argument",
      error: "ttlSeconds must be 0 (the default) or from 60 to 7200",
      errors: [{ field: "ttlSeconds", detail: "must be 0 (the default) or from 60 to 7200" }],
    });
  });

  it("tells a stranger nothing about parameters", async () => {
    expect((await get(`${route}?ttlSeconds=abc`, {})).status).toBe(401);
  });

  it.each<[string, Record<string, string>, string, string]>([
    ["no token", {}, "", 'Bearer realm="ice-service"'],
    ["another scheme", { Authorization: "Basic abc" }, "", 'Bearer realm="ice-service"'],
    [
      "a wrong token",
      { Authorization: "Bearer x" },
      "",
      'Bearer realm="ice-service", error="invalid_token"',
    ],
    ["a wrong query token", {}, "?token=x", 'Bearer realm="ice-service", error="invalid_token"'],
  ])("answers %s with 401", async (_, headers, query, challenge) => {
    const response = await get(route + query, headers);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe(challenge);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toMatchObject({
      status: 401,
      code: "unauthenticated",
      error: "invalid auth token",
    });
  });

  it.each([
    "token=rest+test/token=",
    "token=rest%2Btest%2Ftoken%3D",
    "ttlSeconds=60&token=rest+test/token=",
  ])("takes a query token by RFC 3986: ?%s", async (query) => {
    expect((await get(`${route}?${query}`, {})).status).toBe(200);
  });

  it("refuses two tokens at once with 400", async () => {
    const response = await get(`${route}?token=x`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_argument" });
  });

  it.each(["--http1.1", "--http2-prior-knowledge"])(
    "refuses two Authorization headers with 400, curl %s",
    (version) => {
      const header = ["-H", `Authorization: Bearer ${token}`];
      const output = execFileSync("curl", [
        "-sS",
        version,
        ...header,
        ...header,
        service.url + route,
      ]);
      expect(JSON.parse(output.toString())).toMatchObject({
        status: 400,
        code: "invalid_argument",
      });
    },
  );

  it("answers HEAD like GET, without a body", async () => {
    const response = await get(route, authorization, "HEAD");
    expect(response.status).toBe(200);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(100);
    expect(await response.text()).toBe("");
  });

  it.each(["POST", "PUT", "DELETE", "PATCH"])("answers %s with 405 and Allow", async (method) => {
    const response = await get(route, authorization, method);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(await response.json()).toMatchObject({ status: 405, code: "unimplemented" });
  });

  it.each([
    "/",
    "/api/v1/ice-servers/",
    "/api/v1",
    "/ice.v1.IceService/Nope",
    "//api/v1/ice-servers",
  ])("answers %s with 404", async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status: 404, code: "not_found" });
  });
});

describe("CORS", () => {
  const preflight = (url: string, origin: string) =>
    fetch(url + route, {
      method: "OPTIONS",
      headers: {
        Origin: origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
      },
    });

  it("answers a preflight without a token", async () => {
    const response = await preflight(service.url, "https://anything.example");
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-headers")).toBe("authorization");
  });

  it("allows the configured origins only, and says that the answer depends on them", async () => {
    const allowed = await preflight(stunOnly.url, "https://app.example.com");
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    const other = await preflight(stunOnly.url, "https://evil.example.com");
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    expect(other.headers.get("vary")).toBe("Origin");
  });

  it("is on errors too", async () => {
    const response = await fetch(stunOnly.url + route, {
      headers: { Origin: "https://app.example.com" },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    expect(response.headers.get("access-control-expose-headers")).toMatch(/WWW-Authenticate/);
    expect(response.headers.get("vary")).toBe("Origin");
  });
});

describe("probes", () => {
  it.each([
    ["/health", { status: "healthy" }],
    ["/healthz", { status: "healthy" }],
    ["/readyz", { status: "ready" }],
  ])("%s", async (path, body) => {
    const response = await get(path, {});
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(body);
  });
});

describe("the log", () => {
  it("has one line a request, with the caller and without the token, the credential or the query", async () => {
    await (await get(`${route}?ttlSeconds=61&token=`)).json();
    await expect
      .poll(() => service.logs().find((line) => line["msg"] === "request" && line["code"] === "ok"))
      .toMatchObject({
        method: "GET",
        protocol: "rest",
        target: "ice.v1.IceService/GetIceServers",
        code: "ok",
        status: 200,
        caller: { kind: "connector", name: "rest-test" },
        remoteAddress: "127.0.0.1",
        durationMs: expect.any(Number),
        credentialExpiresAtSeconds: expect.any(Number),
      });
    const log = JSON.stringify(service.logs());
    expect(log).not.toContain(token);
    expect(log).not.toContain("ttlSeconds=61");
    expect(log).not.toContain(secret);
    expect(service.stdout()).toBe("");
  });
});
