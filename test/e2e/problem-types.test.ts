import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createHttpClient,
  type HttpRequest,
  type HttpVersion,
} from "../conformance/http-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { openRawConnection } from "../parts/raw-connection.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "problem-types-token";
const authorization = `Bearer ${token}`;
const rest = "/api/v1/ice-servers";
const rpc = "/ice.v1.IceService/GetIceServers";
const problem = "application/problem+json";

let service: IceService;
beforeAll(async () => {
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ problems: token }), "turn.secret": "north" },
    config: {
      admin: { port: 0 },
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
    },
  });
});
afterAll(() => service.stop());

/** Over a connection of its own: once a client has confirmed the limit, HTTP/2 resets what is larger. */
async function send(port: "main" | "admin", version: HttpVersion, request: HttpRequest) {
  const url = port === "main" ? service.url : (service.adminUrl ?? "");
  const client = createHttpClient(url, version);
  try {
    return await client.send(request);
  } finally {
    client.close();
  }
}

type Case = [what: string, status: number, port: "main" | "admin", request: HttpRequest];
const large = { a: "a".repeat(21_000) };
const cases: readonly Case[] = [
  ["no token", 401, "main", { method: "GET", path: rest }],
  ["a wrong token", 401, "main", { method: "GET", path: `${rest}?token=x` }],
  ["no token for a stream", 401, "main", { method: "GET", path: `${rest}:watch` }],
  [
    "two tokens",
    400,
    "main",
    { method: "GET", path: `${rest}?token=x`, headers: { authorization } },
  ],
  [
    "a wrong parameter",
    400,
    "main",
    { method: "GET", path: `${rest}?ttl_seconds=1`, headers: { authorization } },
  ],
  [
    "a wrong parameter of a stream",
    400,
    "main",
    { method: "GET", path: `${rest}:watch?max_urls=-1`, headers: { authorization } },
  ],
  ["an unknown path", 404, "main", { method: "GET", path: "/nowhere" }],
  ["a wrong method", 405, "main", { method: "DELETE", path: rest }],
  ["a wrong method of a probe", 405, "main", { path: "/healthz" }],
  ["a wrong method of an RPC", 405, "main", { method: "PUT", path: rpc }],
  ["a wrong media type", 415, "main", { path: rpc, headers: { "content-type": "text/plain" } }],
  ["an unknown encoding", 415, "main", { method: "GET", path: rpc }],
  ["an unknown path", 404, "admin", { method: "GET", path: "/nowhere" }],
  ["a wrong method", 405, "admin", { path: "/metrics" }],
];
/** Over HTTP/1.1, such a request is refused before its headers are known. */
const ofHttp2: readonly Case[] = [
  ["large headers", 431, "main", { method: "GET", path: rest, headers: large }],
  ["large headers", 431, "admin", { method: "GET", path: "/metrics", headers: large }],
];

describe.each<[HttpVersion, readonly Case[]]>([
  ["1.1", cases],
  ["2", [...cases, ...ofHttp2]],
])("an error over HTTP/%s", (version, all) => {
  it.each(all)("about %s, %i on the %s port", async (_, status, port, request) => {
    const ask = (accept?: string) => {
      const headers = { ...request.headers, ...(accept !== undefined && { accept }) };
      return send(port, version, { ...request, headers });
    };
    const usual = await ask();
    expect(usual.status).toBe(status);
    expect(usual.headers["content-type"]).toBe(problem);
    expect(JSON.parse(usual.body.toString())).toMatchObject({ type: "about:blank", status });
    for (const accept of ["*/*", "application/json, text/plain, */*", "text/html", problem]) {
      expect((await ask(accept)).headers["content-type"]).toBe(problem);
    }
    for (const accept of ["application/json", "Application/JSON; charset=utf-8, text/html"]) {
      const answer = await ask(accept);
      expect(answer.status).toBe(status);
      expect(answer.headers["content-type"]).toBe("application/json");
      expect(answer.body.toString()).toBe(usual.body.toString());
    }
  });

  // A Connect client reads its errors from nothing else, whatever it accepts.
  it.each(["*/*", problem, "application/json"])(
    "of Connect is JSON, with Accept: %s",
    async (accept) => {
      const headers = { accept, "content-type": "application/proto" };
      const answer = await send("main", version, { path: rpc, headers });
      expect(answer.status).toBe(401);
      expect(answer.headers["content-type"]).toBe("application/json");
    },
  );

  it.each([
    ["ttl_seconds=1", "ttlSeconds"],
    ["ttlSeconds=x", "ttlSeconds"],
    ["max_urls=-1", "maxUrls"],
    ["max_urls=1.5", "maxUrls"],
    ["maxUrls=1&max_urls=2", "maxUrls"],
    ["region=%5F", "region"],
  ])("names the parameter as REST does: %s", async (query, name) => {
    for (const path of [`${rest}?${query}`, `${rest}:watch?${query}`]) {
      const { body } = await send("main", version, {
        method: "GET",
        path,
        headers: { authorization },
      });
      const { error, detail, errors } = JSON.parse(body.toString());
      expect(errors).toMatchObject([{ field: name }]);
      expect(error).toMatch(new RegExp(`^${name} `));
      expect(`${error}${detail}`).not.toMatch(/ttl_seconds|max_urls/);
    }
  });
});

it("headers that are too large get problem details over HTTP/1.1", async () => {
  const { socket, closed } = await openRawConnection(service.port);
  socket.write(`GET / HTTP/1.1\r\nAccept: application/json\r\nA: ${"a".repeat(21_000)}\r\n\r\n`);
  expect(await closed).toMatch(
    /^HTTP\/1\.1 431 [\s\S]*\r\ncontent-type: application\/problem\+json\r\n/,
  );
});
