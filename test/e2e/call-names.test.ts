import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { connectorTokens } from "../parts/tokens.js";

const getServers = "ice.v1.IceService/GetIceServers";
const watchServers = "ice.v1.IceService/WatchIceServers";

describe("an RPC that is rejected early", () => {
  let service: IceService;
  beforeAll(async () => {
    service = await startIceService({
      files: { "tokens.yaml": connectorTokens({ caller: "call-names-token" }) },
      config: { admin: { port: 0 }, auth: { connectorTokensFile: "tokens.yaml" } },
    });
  });
  afterAll(() => service.stop());

  it.each<[name: string, method: string, path: string, contentType: string, target: string]>([
    ["method over REST", "PUT", "/api/v1/ice-servers", "text/plain", getServers],
    ["method of a REST stream", "PUT", "/api/v1/ice-servers:watch", "text/plain", watchServers],
    ["method of an RPC", "PUT", `/${getServers}`, "application/json", getServers],
    ["method of a stream", "GET", `/${watchServers}`, "application/connect+json", watchServers],
    ["content type", "POST", `/${getServers}`, "text/plain", getServers],
    ["content type of a stream", "POST", `/${watchServers}`, "text/plain", watchServers],
    ["token over REST", "GET", "/api/v1/ice-servers", "text/plain", getServers],
    ["token over Connect", "POST", `/${getServers}`, "application/json", getServers],
    ["token over gRPC-Web", "POST", `/${getServers}`, "application/grpc-web", getServers],
    ["token of a stream", "POST", `/${watchServers}`, "application/connect+json", watchServers],
  ])("has one name: for its %s", async (_, method, path, contentType, target) => {
    const before = service.logs().filter(({ msg }) => msg === "request").length;
    const headers = { "content-type": contentType };
    const body = method === "GET" ? null : "x";
    await (await fetch(service.url + path, { method, headers, body })).arrayBuffer();
    const requests = () => service.logs().filter(({ msg }) => msg === "request");
    await expect.poll(() => requests().length).toBeGreaterThan(before);
    expect(requests().at(-1)).toMatchObject({ target });
    const { text } = await scrape(service);
    const names = [...text.matchAll(/^ice_requests_total\{.*method="([^"]+)"/gm)];
    expect([getServers, watchServers]).toEqual(
      expect.arrayContaining(names.map(([, found]) => found)),
    );
  });
});
