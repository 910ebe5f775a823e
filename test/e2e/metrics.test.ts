import { connect as connectRaw } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Health } from "../../src/gen/grpc/health/v1/health_pb.js";
import { audience, createSigningKey, issuer, signToken } from "../authentication/signing-key.js";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { type JwksServer, keys, startJwksServer, text } from "../parts/jwks-server.js";
import { runPromtool, type Scrape, scrape } from "../parts/metrics.js";
import { secondsFromNow } from "../parts/real-time.js";
import { connectorTokens } from "../parts/tokens.js";

const route = "/api/v1/ice-servers";
const rpc = "/ice.v1.IceService/GetIceServers";
const method = "ice.v1.IceService/GetIceServers";
/** All that must not come up in the output, wherever it stood in a request. */
const secret = {
  connector: "metrics-connector-token",
  turn: "metrics-turn-secret-of-32-characters",
  subject: "metrics-subject-alice",
  name: "metrics-connector-name",
  wrongToken: "metrics-wrong-token",
  path: "metrics-unknown-path",
  verb: "METRICSVERB",
};
const key = createSigningKey("ES256", "first");

let jwks: JwksServer;
let service: IceService;
let jwt: string;
let before: Scrape;
let after: Scrape;

beforeAll(async () => {
  jwks = await startJwksServer(keys(key.jwk));
  const exp = secondsFromNow(600);
  jwt = await signToken(key, { claims: { sub: secret.subject, exp } });
  service = await startIceService({
    files: {
      "tokens.yaml": connectorTokens({ [secret.name]: secret.connector }),
      "turn.secret": secret.turn,
    },
    config: {
      admin: { port: 0 },
      auth: {
        connectorTokensFile: "tokens.yaml",
        jwt: [{ issuer, audience, jwksUrl: jwks.url.href }],
      },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
      shutdown: { delay: "0s", timeout: "1s" },
    },
  });
  before = await scrape(service);
  await sendTraffic();
  after = await vi.waitFor(
    async () => {
      const found = await scrape(service);
      expect(found.value("ice_open_streams")).toBe(0);
      return found;
    },
    { timeout: 60_000 },
  );
});
afterAll(async () => {
  await service.stop();
  await jwks.close();
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function grow(name: string, labels: Record<string, string> = {}): number {
  return (after.value(name, labels) ?? 0) - (before.value(name, labels) ?? 0);
}

async function repeat(count: number, call: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done++) {
    await call();
  }
}

function post(contentType: string, token: string, body: string | Uint8Array) {
  const headers = { ...bearer(token), "content-type": contentType };
  return fetch(service.url + rpc, { method: "POST", headers, body: Buffer.from(body) });
}

async function sendTraffic(): Promise<void> {
  const { url } = service;
  await repeat(7, () => fetch(url + route, { headers: bearer(secret.connector) }));
  await repeat(2, () => fetch(`${url}${route}?token=${secret.connector}`));
  await repeat(1, () => fetch(`${url}${route}?token=${jwt}`));
  await repeat(3, () => post("application/json", jwt, "{}"));
  await repeat(4, () => post("application/grpc-web+proto", jwt, new Uint8Array(5)));
  const client = createGrpcJsClient(service.target);
  await repeat(5, () => client.getIceServers({ token: secret.connector }));
  await client.getIceServers({ token: secret.wrongToken }).catch(() => {});
  await client.stop();

  await repeat(6, () => fetch(url + route, { headers: bearer(secret.wrongToken) }));
  await repeat(2, () => fetch(url + route));
  await repeat(1, () => fetch(`${url}${route}?token=%zz${secret.wrongToken}`));
  await repeat(2, () => fetch(url + route, { headers: bearer(`${jwt.slice(0, -8)}AAAAAAAA`) }));
  await repeat(1, () => fetch(`${url}${route}?ttlSeconds=1`, { headers: bearer(jwt) }));
  await repeat(8, () => fetch(`${url}/healthz`));
  await repeat(3, () => fetch(`${url}/${secret.path}`));
  await repeat(1, () => fetch(url + route, { method: "POST", body: secret.path }));
  await sendRaw(`${secret.verb} / HTTP/1.1\r\nHost: x\r\n\r\n`);
  await watchOnce();
}

function sendRaw(bytes: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectRaw(service.port, "127.0.0.1", () => socket.write(bytes));
    socket.resume().on("close", resolve);
  });
}

/** Opens a stream, sees that it is counted as open, and leaves. */
async function watchOnce(): Promise<void> {
  const leave = new AbortController();
  const health = createClient(Health, createGrpcTransport({ baseUrl: service.url }));
  const states = health.watch({ service: "" }, { signal: leave.signal })[Symbol.asyncIterator]();
  await states.next();
  expect((await scrape(service)).value("ice_open_streams")).toBe(1);
  leave.abort();
  await states.next().catch(() => {});
}

describe("GET /metrics, after traffic over every protocol", () => {
  it.each<[protocol: string, method: string, code: string, count: number]>([
    ["rest", method, "ok", 10],
    ["rest", method, "unauthenticated", 11],
    ["rest", method, "invalid_argument", 1],
    ["connect", method, "ok", 3],
    ["grpc-web", method, "ok", 4],
    ["grpc", method, "ok", 5],
    ["grpc", method, "unauthenticated", 1],
    ["grpc", "grpc.health.v1.Health/Watch", "canceled", 1],
    ["http", "/healthz", "ok", 8],
    ["http", "unknown", "not_found", 3],
    ["rest", method, "unimplemented", 1],
    ["http", "malformed", "invalid_argument", 1],
  ])("counts %s %s %s: %d", (protocol, rpcMethod, code, count) => {
    expect(grow("ice_requests_total", { protocol, method: rpcMethod, code })).toBe(count);
  });

  it("counts nothing else", () => {
    expect(grow("ice_requests_total")).toBe(49);
  });

  it.each([
    ["rest", 23],
    ["connect", 3],
    ["grpc-web", 4],
    ["grpc", 6],
    ["http", 11],
  ])("has the durations of all %s requests that are no streams: %d", (protocol, count) => {
    expect(grow("ice_request_duration_seconds_count", { protocol })).toBe(count);
    expect(grow("ice_request_duration_seconds_bucket", { protocol, le: "+Inf" })).toBe(count);
    expect(grow("ice_request_duration_seconds_sum", { protocol })).toBeGreaterThan(0);
  });

  it.each([
    ["connector", "header", 12],
    ["connector", "query", 2],
    ["jwt", "header", 8],
    ["jwt", "query", 1],
  ])("counts the tokens accepted: %s in the %s: %d", (kind, place, count) => {
    expect(grow("ice_tokens_accepted_total", { kind, place })).toBe(count);
  });

  it.each([
    ["no_token", 2],
    ["unknown_connector_token", 7],
    ["malformed", 1],
    ["signature", 2],
    ["expired", 0],
  ])("counts the refusals by cause: %s: %d", (reason, count) => {
    expect(after.value("ice_authentication_failures_total", { reason })).toBe(count);
  });

  it("counts credentials by region", () => {
    expect(grow("ice_credentials_issued_total", { region: "default" })).toBe(22);
  });

  it("tells how the issuer's keys stand", () => {
    expect(after.value("ice_jwks_age_seconds", { issuer })).toBeLessThan(60);
    // One at the start, and one for each of the two tokens that no known key has signed.
    expect(after.value("ice_jwks_loads_total", { issuer, result: "success" })).toBe(3);
    expect(after.value("ice_jwks_loads_total", { issuer, result: "failure" })).toBe(0);
  });

  it("tells the build, and that the configuration is the one of the start", () => {
    expect(after.value("ice_build_info", { node_version: process.version })).toBe(1);
    expect(after.value("ice_config_last_reload_successful")).toBe(1);
    expect(after.value("ice_config_reloads_total")).toBe(0);
    const startedAt = after.value("process_start_time_seconds") ?? Number.NaN;
    const loadedAt = after.value("ice_config_last_reload_success_timestamp_seconds");
    expect(Math.abs(startedAt - (loadedAt ?? Number.NaN))).toBeLessThan(30);
  });

  it("counts the connections that are open", () => {
    expect(after.value("ice_open_connections")).toBeGreaterThan(0);
  });

  it("names no token, secret, caller or path that was sent", () => {
    for (const text of [
      ...Object.values(secret),
      jwt,
      "127.0.0.1",
      "client=hidden",
      "turn.example",
    ]) {
      expect(after.text).not.toContain(text);
    }
  });

  it("is as Prometheus wants metrics, by promtool", async () => {
    expect(await runPromtool(["check", "metrics"], after.text)).toEqual({
      exitCode: 0,
      output: "",
    });
  });
});

describe("the keys of an issuer", () => {
  it("are told to fail, with the age of the last good ones", async () => {
    jwks.serve(text("gone", 500));
    const stranger = await signToken(createSigningKey("ES256", "unknown"), {
      claims: { exp: 4e9 },
    });
    await fetch(service.url + route, { headers: bearer(stranger) });
    const { value } = await scrape(service);
    expect(value("ice_jwks_loads_total", { issuer, result: "failure" })).toBe(1);
    expect(value("ice_jwks_loads_total", { issuer, result: "success" })).toBe(3);
    expect(value("ice_authentication_failures_total", { reason: "unknown_key" })).toBe(1);
    expect(value("ice_jwks_age_seconds", { issuer })).toBeGreaterThan(0);
  });
});
