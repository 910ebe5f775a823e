import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CallPage, openCallPage } from "../parts/call-page.js";
import { type Nginx, startNginx } from "../parts/nginx.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../parts/reconfigurable-service.js";
import { connectorTokens } from "../parts/tokens.js";
import type { WatchedList } from "../parts/watchers.js";

const token = "watch-chromium-token";
const config = (name: string) => ({
  auth: { connectorTokensFile: "tokens.yaml" },
  cors: { allowedOrigins: [callPage.origin] },
  ice: {
    stunUrls: [`stun:${name}.example.com`],
    turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] },
  },
});

let callPage: CallPage;
let running: ReconfigurableService;
let nginx: Nginx;
beforeAll(async () => {
  callPage = await openCallPage();
});
afterAll(() => callPage.stop());
beforeEach(async () => {
  running = await startReconfigurableService(config("north"), {
    "tokens.yaml": connectorTokens({ chromium: token }),
    "turn.secret": "north-north-north-north",
  });
  nginx = await startNginx({ upstreamPort: running.service.port });
});
afterEach(async () => {
  await callPage.call("leaveWatch", "test");
  expect(await running.stop()).toBe(0);
  await nginx.stop();
});

interface Watch {
  readonly lists: WatchedList[];
  readonly error?: { readonly code: unknown };
  readonly readyState?: number;
}
const readWatch = async () => (await callPage.call("readWatch", "test")) as Watch;
const eventually = <T>(probe: () => T) => expect.poll(probe);
const untilListed = (count: number) =>
  eventually(async () => (await readWatch()).lists.length).toBe(count);
const firstUrls = async () =>
  (await readWatch()).lists.map(({ iceServers }) => iceServers[0]?.urls[0]);
const revoke = () => running.replace("tokens.yaml", connectorTokens({ other: "another-token" }));

describe.each<[string, () => string]>([
  ["straight", () => running.service.url],
  ["through nginx", () => nginx.restUrl],
])("a page that watches %s", (_, findUrl) => {
  it.each(["connect", "grpc-web"])("with Connect-Web and %s", async (protocol) => {
    await callPage.call("watchConnect", "test", protocol, findUrl(), token);
    await untilListed(1);
    await running.configure(config("south"));
    await untilListed(2);
    expect(await firstUrls()).toEqual(["stun:north.example.com", "stun:south.example.com"]);
    await revoke();
    await eventually(async () => (await readWatch()).error).toEqual({
      code: 16,
      message: "invalid auth token",
    });
  });

  it("with EventSource, whose lists a connection accepts", async () => {
    await callPage.call("watchEvents", "test", findUrl(), token);
    await untilListed(1);
    await running.configure(config("south"));
    await untilListed(2);
    expect(await firstUrls()).toEqual(["stun:north.example.com", "stun:south.example.com"]);
    const { lists } = await readWatch();
    expect(await callPage.call("tryIceServers", lists[1]?.iceServers)).toBe("accepted");
    await revoke();
    // It comes back by itself, is refused with 401, and gives up.
    const closed = 2;
    await eventually(readWatch).toMatchObject({
      error: { status: 401, code: "unauthenticated", error: "invalid auth token" },
      readyState: closed,
    });
  });
});
