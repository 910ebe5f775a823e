import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpClient, type HttpClient } from "../conformance/http-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "cors-test-token";
const route = "/api/v1/ice-servers";
const files = { "tokens.yaml": connectorTokens({ cors: token }) };
const allowedOrigins = [
  "https://app.example.org",
  "capacitor://localhost",
  "tauri://localhost",
  "chrome-extension://mdplmiioglkpgkgblfdilgebpppgdlmx",
  "https://*.example.com",
];

let open: IceService;
let closed: IceService;
const clients: HttpClient[] = [];
beforeAll(async () => {
  const auth = { connectorTokensFile: "tokens.yaml" };
  open = await startIceService({ files, config: { auth } });
  closed = await startIceService({ files, config: { auth, cors: { allowedOrigins } } });
});
afterAll(async () => {
  for (const client of clients) {
    client.close();
  }
  await Promise.all([open.stop(), closed.stop()]);
});

function connect({ url }: IceService, version: "1.1" | "2"): HttpClient {
  const client = createHttpClient(url, version);
  clients.push(client);
  return client;
}

async function preflight(
  service: IceService,
  requested: string | string[] | undefined,
  { origin = "https://app.example.org", version = "1.1" }: PreflightOptions = {},
) {
  const { status, headers } = await connect(service, version).send({
    method: "OPTIONS",
    path: route,
    headers: {
      origin,
      "access-control-request-method": "GET",
      ...(requested !== undefined && { "access-control-request-headers": requested }),
    },
  });
  expect(status).toBe(204);
  return headers;
}

interface PreflightOptions {
  readonly origin?: string;
  readonly version?: "1.1" | "2";
}

const fixedList = /^(?=.*Authorization)(?=.*Content-Type)(?=.*X-Grpc-Web)/i;

describe.each<["1.1" | "2"]>([["1.1"], ["2"]])("a preflight over HTTP/%s", (version) => {
  it.each([
    "authorization",
    // electric-sql/electric#2351
    "authorization,traceparent,tracestate",
    // getsentry/sentry-javascript#6077
    "authorization,baggage,sentry-trace,x-requested-with",
    "authorization,content-type,connect-protocol-version,connect-timeout-ms",
    Array.from({ length: 64 }, (_, index) => `x-${index}`).join(),
  ])("may send what it asks for: %s", async (requested) => {
    for (const service of [open, closed]) {
      const headers = await preflight(service, requested, { version });
      expect(headers["access-control-allow-headers"]).toBe(requested);
      expect(headers["access-control-allow-methods"]).toBe("GET, HEAD, POST");
    }
  });

  it.each<[what: string, requested: string | undefined]>([
    ["no header", undefined],
    ["65 headers", Array.from({ length: 65 }, (_, index) => `x-${index}`).join()],
    ["more than 4 KiB", `x-${"a".repeat(4095)}`],
    ["what is no list of names", "authorization,a b"],
    ["what is no list of names", "<script>"],
  ])("that asks for %s may send the known ones", async (_, requested) => {
    const headers = await preflight(open, requested, { version });
    expect(headers["access-control-allow-headers"]).toMatch(fixedList);
    expect(headers["access-control-allow-headers"]).not.toContain("script");
  });

  it("depends on what it asks for", async () => {
    expect((await preflight(open, "a", { version }))["vary"]).toBe(
      "Access-Control-Request-Headers",
    );
    expect((await preflight(closed, "a", { version }))["vary"]).toBe(
      "Origin, Access-Control-Request-Headers",
    );
  });

  it("may ask in several fields", async () => {
    const headers = await preflight(open, ["authorization", "baggage"], { version });
    expect(headers["access-control-allow-headers"]).toBe("authorization, baggage");
  });
});

describe("an origin", () => {
  it.each([
    "https://app.example.org",
    // ionic-team/capacitor#1041, youssofal/MTPLX#473, hasura/graphql-engine#6345
    "capacitor://localhost",
    "tauri://localhost",
    "chrome-extension://mdplmiioglkpgkgblfdilgebpppgdlmx",
    // cyu/rack-cors#30
    "https://api.example.com",
  ])("that is configured may read: %s", async (origin) => {
    const headers = await preflight(closed, "authorization", { origin });
    expect(headers["access-control-allow-origin"]).toBe(origin);
    const answer = await connect(closed, "1.1").send({
      method: "GET",
      path: route,
      headers: { origin },
    });
    expect(answer).toMatchObject({
      status: 401,
      headers: {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": expect.stringContaining("X-Request-Id"),
        vary: "Origin",
      },
    });
  });

  it.each([
    "null",
    "https://example.com",
    "https://a.b.example.com",
    "https://evilexample.com",
    "https://api.example.com.evil.test",
    "https://api.example.com:8443",
    "http://api.example.com",
    "capacitor://app",
    "tauri://localhost:1",
  ])("that is not configured may not: %s", async (origin) => {
    const headers = await preflight(closed, "authorization", { origin });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    expect(headers["vary"]).toBe("Origin");
  });
});
