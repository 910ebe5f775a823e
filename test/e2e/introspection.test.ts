import { hash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import {
  type IntrospectionServer,
  say,
  startIntrospectionServer,
} from "../parts/introspection-server.js";
import { scrape } from "../parts/metrics.js";
import { secondsFromNow } from "../parts/real-time.js";

const listSchema = z.object({
  iceServers: z.array(z.object({ username: z.string().optional() })),
});

let server: IntrospectionServer;
let service: IceService | undefined;
beforeAll(async () => {
  server = await startIntrospectionServer(say({ active: false }));
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
});
afterAll(() => server.close());

async function start(config: object = {}): Promise<IceService> {
  service = await startIceService({
    files: { "client.secret": "client-secret\n", "turn.secret": "turn-secret-turn-secret\n" },
    config: {
      admin: { port: 0 },
      auth: {
        introspection: {
          url: server.url.href,
          clientId: "ice-service",
          clientSecretFile: "client.secret",
          audience: "ice",
        },
      },
      ice: {
        turn: {
          urls: ["turn:turn.example.com"],
          secretFiles: ["turn.secret"],
          identity: "subject",
        },
      },
      shutdown: { delay: "0s" },
      ...config,
    },
  });
  return service;
}

const call = ({ url }: IceService, token: string) =>
  fetch(`${url}/api/v1/ice-servers`, { headers: { Authorization: `Bearer ${token}` } });

describe("a service that introspects tokens", () => {
  it("serves a caller under a name of its kind and issuer, and counts it", async () => {
    server.serve(say({ active: true, aud: "ice", sub: "alice", exp: secondsFromNow(600) }));
    const running = await start();
    const asked = server.requests.length;
    const response = await call(running, "opaque-token");
    const { iceServers } = listSchema.parse(await response.json());
    const tag = hash("sha256", JSON.stringify(["introspection", server.url.href])).slice(0, 8);
    expect(iceServers.at(-1)?.username).toMatch(new RegExp(`^\\d+:${tag}\\.alice$`));
    expect((await call(running, "opaque-token")).status).toBe(200);
    expect(server.requests).toHaveLength(asked + 1);
    const metrics = await scrape(running);
    const labels = { kind: "introspection", place: "header" };
    expect(metrics.value("ice_tokens_accepted_total", labels)).toBe(2);
    expect(metrics.value("ice_introspection_requests_total", { result: "success" })).toBe(1);
    const caller = { kind: "introspection", issuer: server.url.href, name: "alice" };
    await expect.poll(() => running.logs()).toContainEqual(expect.objectContaining({ caller }));
    expect(running.stderr()).not.toMatch(/opaque-token|client-secret/);
  });

  it("rejects inactive tokens with 401, within the limit for failed authentication", async () => {
    server.serve(say({ active: false }));
    const running = await start({
      limits: { failedAuthentication: { requests: 2, window: "60s" } },
    });
    for (const [token, status] of [
      ["one", 401],
      ["one", 401],
      ["two", 429],
    ] as const) {
      expect((await call(running, token)).status).toBe(status);
    }
  });

  it("is unavailable while the endpoint is, which costs callers nothing", async () => {
    server.serve(say("", 500));
    const running = await start({
      limits: { failedAuthentication: { requests: 1, window: "60s" } },
    });
    for (let tries = 0; tries < 3; tries++) {
      const response = await call(running, "token");
      expect(response.status).toBe(503);
      expect(response.headers.get("www-authenticate")).toBeNull();
      expect(await response.json()).toMatchObject({ code: "unavailable" });
    }
    const client = createGrpcJsClient(running.target);
    const error = await client.getIceServers({ token: "token" }).catch((failure) => failure);
    await client.stop();
    expect(error).toMatchObject({ code: 14 });
    server.serve(say({ active: true, aud: "ice", sub: "alice" }));
    expect((await call(running, "token")).status).toBe(200);
  });
});
