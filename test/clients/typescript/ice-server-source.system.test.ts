import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createIceServerSource } from "../../../clients/typescript/src/index.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../../parts/reconfigurable-service.js";
import { connectorTokens } from "../../parts/tokens.js";

const token = "typescript-client-token";
const config = (name: string, ttl = "1h") => ({
  admin: false,
  auth: { connectorTokensFile: "tokens.yaml" },
  ice: {
    stunUrls: [`stun:${name}.example.com`],
    turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"], ttl, minTtl: "1s" },
  },
});

let running: ReconfigurableService;
let controller: AbortController;
beforeEach(async () => {
  controller = new AbortController();
  running = await startReconfigurableService(config("north"), {
    "tokens.yaml": connectorTokens({ client: token }),
    "turn.secret": "north-north-north-north",
  });
});
afterEach(async () => {
  controller.abort();
  await running.stop();
});

const source = (options: Partial<Parameters<typeof createIceServerSource>[0]> = {}) =>
  createIceServerSource({ url: running.service.url, getToken: () => token, ...options });
const watch = (options = {}) => source(options).watch({ signal: controller.signal });
const stunOf = (list: { iceServers: { urls: string[] }[] } | undefined) =>
  list?.iceServers[0]?.urls[0];
const requests = () => running.service.logs().filter(({ msg }) => msg === "request");

describe("get", () => {
  it("returns the list, and asks once for calls at the same time and after", async () => {
    const one = source();
    const [first, second] = await Promise.all([one.get(), one.get()]);
    expect(first).toBe(second);
    expect(await one.get()).toBe(first);
    expect(first?.iceServers[1]).toMatchObject({ urls: ["turn:turn.example.com"] });
    expect(one.findLifeLeftMs(first)).toBeGreaterThan(3_500_000);
    await expect.poll(() => requests().length).toBe(1);
  });

  it("asks again when three quarters of the life have passed", async () => {
    const one = source({ ttlSeconds: 2 });
    const first = await one.get();
    await expect.poll(async () => (await one.get()) === first).toBe(false);
    expect(one.findLifeLeftMs(first)).toBeLessThanOrEqual(500);
  });

  it("asks for another token when one is rejected", async () => {
    const rejected: (string | undefined)[] = [];
    const one = source({
      getToken(rejectedToken) {
        rejected.push(rejectedToken);
        return rejectedToken === undefined ? "expired" : token;
      },
    });
    expect(stunOf(await one.get())).toBe("stun:north.example.com");
    expect(rejected).toEqual([undefined, "expired"]);
  });

  it.each([
    ["a token that is not known", { getToken: () => "unknown" }, 401, "unauthenticated"],
    ["a region that does not exist", { region: "mars" }, 400, "invalid_argument"],
    ["a user without the right", { user: "ada" }, 403, "permission_denied"],
  ])("rejects with the error of the service: %s", async (_, options, status, code) => {
    await expect(source(options).get()).rejects.toMatchObject({
      name: "IceServiceError",
      status,
      code,
    });
  });

  it("returns the last list while it lives and the service is away", async () => {
    const one = source({ ttlSeconds: 12 });
    const first = await one.get();
    await running.service.stop();
    await expect.poll(() => one.findLifeLeftMs(first) < 2900).toBe(true);
    expect(await one.get()).toBe(first);
    await expect.poll(() => one.findLifeLeftMs(first) < 0).toBe(true);
    await expect(one.get()).rejects.toThrow();
  });
});

describe("watch", () => {
  it("yields the list, and the next one when the configuration changes", async () => {
    const lists = watch();
    expect(stunOf((await lists.next()).value)).toBe("stun:north.example.com");
    await running.configure(config("south"));
    expect(stunOf((await lists.next()).value)).toBe("stun:south.example.com");
  });

  it("ends when the signal is aborted", async () => {
    const lists = watch();
    await lists.next();
    controller.abort();
    expect(await lists.next()).toEqual({ done: true, value: undefined });
  });

  it("throws when the token is revoked and there is no other", async () => {
    const lists = watch();
    await lists.next();
    await running.replace("tokens.yaml", connectorTokens({ other: "another-token" }));
    await expect(lists.next()).rejects.toMatchObject({ status: 401, code: "unauthenticated" });
  });

  it("goes on with the next token when one is revoked", async () => {
    let current = token;
    const lists = watch({ getToken: () => current });
    await lists.next();
    current = "the-next-token-of-the-client";
    await running.replace("tokens.yaml", connectorTokens({ client: current }));
    await running.configure(config("south"));
    expect(stunOf((await lists.next()).value)).toBe("stun:south.example.com");
  });
});

describe("watch, where streams do not get through", () => {
  let proxy: Server;
  /** What the proxy does with a stream. */
  let onStream: (response: import("node:http").ServerResponse) => void;
  beforeEach(async () => {
    proxy = createServer(async (request, response) => {
      if (request.url?.includes(":watch")) {
        onStream(response);
        return;
      }
      const answer = await fetch(`${running.service.url}${request.url}`, {
        headers: { authorization: request.headers.authorization ?? "" },
      });
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(await answer.text());
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const proxyUrl = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  it.each<[string, typeof onStream]>([
    ["answers 404", (response) => response.writeHead(404).end()],
    [
      "answers with a page",
      (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>"),
    ],
    ["breaks the connection", (response) => response.destroy()],
    ["answers 503", (response) => response.writeHead(503).end()],
    [
      "keeps everything back",
      (response) => response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders(),
    ],
    ["never answers", () => {}],
  ])("polls instead: the proxy %s", async (_, behavior) => {
    onStream = behavior;
    const lists = watch({ url: proxyUrl(), ttlSeconds: 2, timeoutMs: 1000 });
    const first = (await lists.next()).value;
    const second = (await lists.next()).value;
    expect(stunOf(first)).toBe("stun:north.example.com");
    expect(second?.iceServers[1]?.username).not.toBe(first?.iceServers[1]?.username);
  });
});
