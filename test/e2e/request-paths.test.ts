import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { envelop } from "../conformance/envelope.js";
import type { HttpVersion } from "../conformance/http-client.js";
import { type BothVersions, startForBothVersions } from "./both-versions.js";

const token = "request-paths-token";
const headers = { authorization: `Bearer ${token}` };

let service: BothVersions["service"];
let clients: BothVersions["clients"];
let stop: BothVersions["stop"];
beforeAll(async () => {
  ({ service, clients, stop } = await startForBothVersions(token, { admin: { port: 0 } }));
});
afterAll(() => stop());

describe.each<[HttpVersion]>([["1.1"], ["2"]])("a path over HTTP/%s", (version) => {
  const get = (path: string) => clients[version].send({ method: "GET", path, headers });

  it.each([
    "/api/v1/ice%2Dservers",
    "/%61pi/v1/ice-servers",
    "/%68%65%61%6C%74%68%7a",
    "/ice%2Ev1.IceService/GetIceServers?encoding=json&message=%7B%7D",
    "/ice.v1.IceService/%47etIceServers?encoding=json&message=%7B%7D",
  ])("is found with unreserved characters encoded: %s", async (path) => {
    expect((await get(path)).status).toBe(200);
  });

  // HTTP clients encode the colon: Accenture/mercury-composable#372, Rockncoder/randoeats#74.
  it.each(["%3A", "%3a", ":"])("is found with the colon of its verb as %s", async (colon) => {
    const exchange = clients[version].start({
      method: "GET",
      path: `/api/v1/ice-servers${colon}watch`,
      headers,
    });
    await expect(exchange.firstBytes).resolves.toBeDefined();
    exchange.cancel();
  });

  // What decodes more, or twice, lets requests pass that a proxy has refused: traefik/traefik#11768.
  it.each([
    "/api%2Fv1/ice-servers",
    "/api%2fv1/ice-servers",
    "/api/v1/ice-servers%253Awatch",
    "/api/v1/ice%252Dservers",
    "/api/v1/ice-servers%3Fx",
    "/api/v1/ice-servers%00",
    "/api/v1/ice-servers%20",
    "/x/%2E%2E/healthz",
    "/healthz%2F",
    "/%%36%38ealthz",
  ])("is not found: %s", async (path) => {
    const { status, headers: answered } = await get(path);
    expect(status).toBe(404);
    expect(answered["content-type"]).toBe("application/problem+json");
  });

  it("has one name in the log", async () => {
    await get("/%72eadyz");
    await get("/%61pi/v1/ice-servers");
    const targets = () => service.logs().map(({ target }) => target);
    await expect.poll(targets).toContain("ice.v1.IceService/GetIceServers");
    expect(service.stderr()).not.toContain("%");
  });
});

it("gRPC finds a method whose path is encoded", async () => {
  const { trailers } = await clients["2"].send({
    path: "/%69ce.v1.IceService/GetIceServer%73",
    headers: { ...headers, "content-type": "application/grpc", te: "trailers" },
    body: envelop(Buffer.alloc(0)),
  });
  expect(trailers["grpc-status"]).toBe("0");
});

it.each<[path: string, status: number]>([
  ["/%6Detrics", 200],
  ["/health%2Fturn", 404],
])("the admin listener answers %s with %i", async (path, status) => {
  expect((await fetch(service.adminUrl + path)).status).toBe(status);
});
