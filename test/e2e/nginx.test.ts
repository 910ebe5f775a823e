import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGrpcJsClient, type GrpcJsClient } from "../parts/grpc-js-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { issuedTurnServer } from "../parts/issued-turn-server.js";
import { type Nginx, startNginx } from "../parts/nginx.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "nginx-test-token";
let service: IceService;
let nginx: Nginx;
let client: GrpcJsClient;

beforeAll(async () => {
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ nginx: token }), "turn.secret": "north" },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: {
        stunUrls: [],
        turn: { urls: ["turn:turn.example.com:3478"], secretFiles: ["turn.secret"] },
      },
    },
  });
  nginx = await startNginx({ upstreamPort: service.port });
  client = createGrpcJsClient(nginx.grpcTarget);
});
afterAll(async () => {
  await client.stop();
  await nginx.stop();
  await service.stop();
});

const turnServer = issuedTurnServer("turn:turn.example.com:3478");

describe("REST through nginx's proxy_pass", () => {
  const get = (query: string, headers: Record<string, string>) =>
    fetch(`${nginx.restUrl}/api/v1/ice-servers${query}`, { headers });

  it.each<[string, string, Record<string, string>]>([
    ["in the header", "", { Authorization: `Bearer ${token}` }],
    ["in the query", `?token=${token}`, {}],
  ])("answers a call with its token %s", async (_, query, headers) => {
    const response = await get(query, headers);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toMatchObject({ iceServers: [turnServer], ttlSeconds: 86_400 });
  });

  it("hands the refusal on with its challenge", async () => {
    const response = await get("", { Authorization: "Bearer wrong" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe(
      'Bearer realm="ice-service", error="invalid_token"',
    );
    expect(await response.json()).toMatchObject({ error: "invalid auth token" });
  });

  it("answers call after call over connections that stay open", async () => {
    for (let call = 0; call < 20; call++) {
      const response = await get("", { Authorization: `Bearer ${token}` });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    }
    expect(nginx.output()).not.toMatch(/\[(error|crit|alert|emerg)\]/);
  });
});

describe("gRPC through nginx's grpc_pass", () => {
  it("answers a call", async () => {
    const { iceServers, ttlSeconds } = await client.getIceServers({
      token,
      request: { ttlSeconds: 60 },
    });
    expect(iceServers).toMatchObject([turnServer]);
    expect(ttlSeconds).toBe(60);
  });

  it("hands a refusal on with its challenge", async () => {
    await expect(client.getIceServers({ token: "wrong" })).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
      details: "invalid auth token",
      metadata: expect.toSatisfy(
        (metadata) =>
          metadata.get("www-authenticate")[0] ===
          'Bearer realm="ice-service", error="invalid_token"',
      ),
    });
  });

  it("hands an invalid argument on", async () => {
    const call = client.getIceServers({ token, request: { maxUrls: -1 } });
    await expect(call).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining("max_urls"),
    });
  });
});
