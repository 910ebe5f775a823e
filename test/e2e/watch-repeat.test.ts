import { afterEach, describe, expect, it } from "vitest";
import { startHaproxy } from "../parts/haproxy.js";
import { scrape } from "../parts/metrics.js";
import { startNginx } from "../parts/nginx.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../parts/reconfigurable-service.js";
import { connectorTokens } from "../parts/tokens.js";
import {
  type WatchedList,
  type Watcher,
  watchWithConnect,
  watchWithCurl,
  watchWithGrpcJs,
  watchWithGrpcWeb,
} from "../parts/watchers.js";

const token = "watch-repeat-token";
const files = {
  "tokens.yaml": connectorTokens({ watch: token }),
  "turn.secret": "north-north-north-north",
};
const config = (repeat?: string) => ({
  admin: { port: 0 },
  auth: { connectorTokensFile: "tokens.yaml" },
  ice: {
    turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] },
    ...(repeat !== undefined && { watch: { repeat } }),
  },
});

let running: ReconfigurableService;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) {
    await cleanUp();
  }
});

async function start(repeat?: string, args: readonly string[] = []): Promise<void> {
  running = await startReconfigurableService(config(repeat), files, { args });
  cleanups.push(() => running.stop());
}

function keep(watcher: Watcher): Watcher {
  cleanups.push(() => watcher.leave());
  return watcher;
}

/** One watch over each streaming protocol. */
function watchAll(restUrl: string, grpcTarget: string): Record<string, Watcher> {
  return {
    grpc: keep(watchWithGrpcJs(`http://${grpcTarget}`, { token })),
    "grpc-web": keep(watchWithGrpcWeb(`http://${grpcTarget}`, { token })),
    connect: keep(watchWithConnect(restUrl, { token })),
    events: keep(watchWithCurl(restUrl, { token })),
  };
}

const untilLists = (watchers: Record<string, Watcher>, count: number, timeout = 60_000) =>
  expect
    .poll(() => Object.values(watchers).every(({ lists }) => lists.length >= count), { timeout })
    .toBe(true);

/** Without the life that is left. */
const omitLife = (lists: readonly WatchedList[]) =>
  lists.map(({ ttlSeconds, ...list }) => JSON.stringify(list));

describe("ice.watch.repeat", () => {
  it("has each streaming protocol send the same list again, with the life that is left", async () => {
    await start("1s");
    const watchers = watchAll(running.service.url, new URL(running.service.url).host);
    await untilLists(watchers, 4);
    for (const { lists } of Object.values(watchers)) {
      expect(new Set(omitLife(lists)).size).toBe(1);
      const lives = lists.map(({ ttlSeconds = 0 }) => ttlSeconds);
      expect(lives[0]).toBe(86_400);
      expect(lives).toEqual(lives.toSorted((one, other) => other - one));
      expect(lives.at(-1)).toBeLessThan(86_400);
    }
    const { value } = await scrape(running.service);
    expect(value("ice_credentials_issued_total")).toBe(4);
  });

  it.each([[[]], [["--workers", "2"]]])(
    "applies to open watches after a reload: %s",
    async (args) => {
      await start(undefined, args);
      const watchers = watchAll(running.service.url, new URL(running.service.url).host);
      await untilLists(watchers, 1);
      await running.configure(config("1s"));
      await untilLists(watchers, 3);
    },
  );
});

// Several times what a busy machine may delay a message that is due after a second.
const readTimeoutSeconds = 8;

describe.each([
  ["nginx", startNginx],
  ["HAProxy", startHaproxy],
])("through %s with a short read timeout", (_, startProxy) => {
  async function startBehindProxy(repeat?: string) {
    await start(repeat);
    const proxy = await startProxy({ upstreamPort: running.service.port, readTimeoutSeconds });
    cleanups.push(() => proxy.stop());
    return proxy;
  }

  it("a gRPC watch is cut, also when its client sends pings", async () => {
    const { grpcTarget } = await startBehindProxy();
    const url = `http://${grpcTarget}`;
    const watchers = {
      silent: keep(watchWithGrpcJs(url, { token })),
      pinging: keep(watchWithGrpcJs(url, { token, pingEveryMs: 1000 })),
    };
    await untilLists(watchers, 1);
    for (const { end, lists } of Object.values(watchers)) {
      expect(await end).not.toBe("ok");
      expect(lists).toHaveLength(1);
    }
  }, 120_000);

  it("watches that repeat their lists stay open", async () => {
    const { restUrl, grpcTarget } = await startBehindProxy("1s");
    const watchers = watchAll(restUrl, grpcTarget);
    // At least a second apart each, so well past the timeout.
    await untilLists(watchers, 3 * readTimeoutSeconds, 120_000);
  }, 180_000);
});
