import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acceptsTcp } from "../parts/child-process.js";
import { findFreePort } from "../parts/free-port.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const settings = {
  files: { "tokens.yaml": connectorTokens({ admin: "admin-test-token" }) },
  config: {
    auth: { connectorTokensFile: "tokens.yaml" },
    shutdown: { delay: "0s", timeout: "1s" },
  },
};
const start = (admin: object | false, args: string[] = []) =>
  startIceService({ ...settings, args, config: { ...settings.config, admin } });

let service: IceService;
beforeAll(async () => {
  service = await start({ port: 0 });
});
afterAll(() => service.stop());

const ask = (path: string, init?: RequestInit) => fetch(`${service.adminUrl}${path}`, init);

describe("the admin listener", () => {
  it.each<[method: string, path: string, status: number, contentType: string, body: RegExp]>([
    ["GET", "/", 200, "text/plain", /^\/metrics$/m],
    ["GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", /^ice_build_info\{/m],
    ["GET", "/metrics?x=1", 200, "text/plain; version=0.0.4; charset=utf-8", /^ice_/m],
    ["HEAD", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", /^$/],
    ["GET", "/healthz", 200, "application/json", /healthy/],
    ["GET", "/readyz", 200, "application/json", /ready/],
    ["POST", "/metrics", 405, "application/problem+json", /GET or HEAD/],
    ["PUT", "/metrics", 405, "application/problem+json", /GET or HEAD/],
    ["DELETE", "/", 405, "application/problem+json", /GET or HEAD/],
    ["GET", "/metrics/", 404, "application/problem+json", /unknown path/],
    ["GET", "/api/v1/ice-servers", 404, "application/problem+json", /unknown path/],
    ["POST", "/ice.v1.IceService/GetIceServers", 404, "application/problem+json", /unknown path/],
  ])("answers %s %s with %d", async (method, path, status, contentType, body) => {
    const response = await ask(path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe(contentType);
    expect(await response.text()).toMatch(body);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("lets no other origin read", async () => {
    const response = await ask("/metrics", { headers: { origin: "https://evil.example" } });
    const names = [...response.headers.keys()];
    expect(names.filter((name) => name.startsWith("access-control-"))).toEqual([]);
  });

  it("bounds headers", async () => {
    const response = await ask("/metrics", { headers: { a: "a".repeat(20_000) } });
    expect(response.status).toBe(431);
  });

  it("bounds connections", async () => {
    const { port, hostname } = new URL(service.adminUrl ?? "");
    const sockets = Array.from({ length: 40 }, () => connect(Number(port), hostname));
    let closed = 0;
    for (const socket of sockets) {
      socket
        .on("error", () => {})
        .on("close", () => {
          closed += 1;
        });
    }
    await expect.poll(() => closed).toBeGreaterThanOrEqual(8);
    for (const socket of sockets) {
      socket.destroy();
    }
    await expect
      .poll(() =>
        ask("/healthz").then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(true);
  });

  it("serves no metrics on the main port", async () => {
    const response = await fetch(`${service.url}/metrics`);
    expect(response.status).toBe(404);
  });

  it("is not there when it is switched off", async () => {
    const other = await start(false);
    expect(other.adminUrl).toBe(undefined);
    expect(await other.stop()).toBe(0);
  });

  it.each([[], ["--workers", "2"]])(
    "needs the port that is configured: serve %s %s",
    async (...args) => {
      const { port } = new URL(service.adminUrl ?? "");
      await expect(start({ port: Number(port) }, args)).rejects.toThrow(
        /ended with 2[\s\S]*admin: cannot listen on 127\.0\.0\.1 port \d+: the port is in use \(EADDRINUSE\)\n {4}→ .*ICE_ADMIN_PORT/,
      );
    },
  );

  it("stays open while the service drains, and ends with it", async () => {
    const draining = await startIceService({
      ...settings,
      config: {
        ...settings.config,
        admin: { port: 0 },
        // Leaves a busy machine the time to look on.
        shutdown: { delay: "5s", timeout: "1s" },
      },
    });
    const exitCode = draining.stop();
    await expect.poll(async () => (await fetch(`${draining.adminUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${draining.adminUrl}/metrics`)).status).toBe(200);
    expect(await exitCode).toBe(0);
  });
});

describe("the default admin address, taken by somebody else", () => {
  const occupant = createServer();
  let nextTry: NodeJS.Timeout | undefined;
  beforeAll(async () => {
    const occupy = () => occupant.listen(9090, "127.0.0.1");
    // Somebody else may have it: for good, such as Prometheus, or for a while, such as another test's service.
    occupant.on("error", () => {
      nextTry = setTimeout(occupy, 10);
    });
    const occupied = new Promise((resolve) => occupant.once("listening", resolve));
    occupy();
    await Promise.race([occupied, sleep(30_000)]);
    expect(await acceptsTcp(9090)).toBe(true);
  });
  afterAll(() => {
    clearTimeout(nextTry);
    occupant.close();
  });

  const { config, files } = settings;

  it("is done without, with a warning", async () => {
    const service = await startIceService({ files, config: { ...config, admin: undefined } });
    expect(service.adminUrl).toBe(undefined);
    await expect.poll(service.logs).toContainEqual(
      expect.objectContaining({
        level: "warn",
        problem: "cannot listen on 127.0.0.1 port 9090: the port is in use (EADDRINUSE)",
        fix: expect.stringContaining("ICE_ADMIN_PORT"),
      }),
    );
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    expect(await service.stop()).toBe(0);
  });

  it("is needed where it is configured", async () => {
    await expect(startIceService({ files, config: { ...config, admin: {} } })).rejects.toThrow(
      /ended with 2[\s\S]*admin: cannot listen/,
    );
  });

  it("is not wanted in development", async () => {
    const service = await startIceService({
      args: ["--dev"],
      env: { ICE_TURN_URLS: `turn:127.0.0.1:${await findFreePort()}` },
    });
    expect(service.adminUrl).toBe(undefined);
    expect(await service.stop()).toBe(0);
  });
});
