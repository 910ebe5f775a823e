import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { writeCountryDatabase } from "../parts/country-database.js";
import { startNginx } from "../parts/nginx.js";
import { millisecondsFromNow } from "../parts/real-time.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../parts/reconfigurable-service.js";
import { createSubjectTokens } from "../parts/subject-tokens.js";
import { connectorTokens } from "../parts/tokens.js";
import {
  type OpenWatcher,
  type WatchedList,
  type Watcher,
  type WatcherOptions,
  watchWithConnect,
  watchWithCurl,
  watchWithGrpcJs,
  watchWithGrpcWeb,
} from "../parts/watchers.js";

const token = "watch-test-token";
const files = {
  "tokens.yaml": connectorTokens({ watch: token }),
  "north.secret": "north-north-north-north",
  "south.secret": "south-south-south-south",
};
const config = (name: string, changes: object = {}) => ({
  auth: { connectorTokensFile: "tokens.yaml" },
  ice: {
    stunUrls: [`stun:${name}.example.com`],
    turn: { urls: ["turn:turn.example.com"], secretFiles: [`${name}.secret`], minTtl: "2s" },
  },
  ...changes,
});
const eventually = <T>(probe: () => T) => expect.poll(probe);

let running: ReconfigurableService;
const watchers: Watcher[] = [];
afterEach(async () => {
  for (const watcher of watchers.splice(0)) {
    watcher.leave();
  }
  expect(await running.stop()).toBe(0);
});

async function start(
  changes: object = {},
  more: Readonly<Record<string, string | Uint8Array>> = {},
) {
  running = await startReconfigurableService(config("north", changes), { ...files, ...more });
}

function open(openWatcher: OpenWatcher, options: Partial<WatcherOptions> = {}): Watcher {
  const watcher = openWatcher(running.service.url, { token, ...options });
  watchers.push(watcher);
  return watcher;
}

/** What a list of that configuration looks like; the credential is of its secret. */
function expectList(list: WatchedList | undefined, name: string): void {
  const username = list?.iceServers[1]?.username ?? "";
  const credential = createHmac("sha1", `${name}-${name}-${name}-${name}`)
    .update(username)
    .digest("base64");
  expect(list?.iceServers).toEqual([
    { urls: [`stun:${name}.example.com`] },
    { urls: ["turn:turn.example.com"], username, credential },
  ]);
}

describe.each<[string, OpenWatcher]>([
  ["@grpc/grpc-js", watchWithGrpcJs],
  ["Connect over HTTP/1.1", watchWithConnect],
  ["gRPC-Web over HTTP/2", watchWithGrpcWeb],
  ["curl, as server-sent events", watchWithCurl],
])("WatchIceServers with %s", (_, openWatcher) => {
  it("sends the list at once, and another when it changes, and none when it does not", async () => {
    await start();
    const watcher = open(openWatcher);
    await eventually(() => watcher.lists.length).toBe(1);
    expectList(watcher.lists[0], "north");
    await running.configure(config("north", { reflection: false }));
    await running.configure(config("south"));
    await eventually(() => watcher.lists.length).toBe(2);
    expectList(watcher.lists[1], "south");
  });

  it("sends a fresh one before the last one ends", async () => {
    await start();
    const watcher = open(openWatcher, { ttlSeconds: 3 });
    await eventually(() => watcher.lists.length).toBe(3);
    const expiries = watcher.lists.map(({ iceServers }) =>
      Number.parseInt(iceServers[1]?.username ?? "", 10),
    );
    expect(expiries[1]).toBeGreaterThan(Number(expiries[0]));
    // Sent before the first had ended, and good for the same time.
    expect(expiries[1]).toBeLessThanOrEqual(Number(expiries[0]) + 3);
    expect(watcher.lists[2]?.ttlSeconds).toBe(3);
  });

  it("ends with UNAUTHENTICATED when its token is revoked, and at once with a wrong one", async () => {
    await start();
    const watcher = open(openWatcher);
    await eventually(() => watcher.lists.length).toBe(1);
    await running.replace("tokens.yaml", connectorTokens({ other: "another-token" }));
    expect(await watcher.end).toBe("unauthenticated");
    expect(watcher.lists).toHaveLength(1);
    expect(await open(openWatcher).end).toBe("unauthenticated");
  });

  it("ends with UNAUTHENTICATED when its token expires", async () => {
    await start();
    let watcher: Watcher | undefined;
    // The time runs while a busy machine does other things: then the token has expired before the call.
    for (const seconds of [3, 15, 60]) {
      const expires = new Date(millisecondsFromNow(seconds * 1000)).toISOString();
      const tokens = connectorTokens({ watch: token });
      await running.replace("tokens.yaml", tokens.replace(/"\}/, `","expires":"${expires}"}`));
      watcher = open(openWatcher);
      expect(await watcher.end).toBe("unauthenticated");
      if (watcher.lists.length > 0) {
        break;
      }
    }
    expect(watcher?.lists).toHaveLength(1);
  });

  it("ends with UNAVAILABLE at shutdown.timeout when the server stops", async () => {
    await start({ shutdown: { delay: "0s", timeout: "1s" } });
    const watcher = open(openWatcher);
    await eventually(() => watcher.lists.length).toBe(1);
    running.service.signal("SIGTERM");
    expect(await watcher.end).toBe("unavailable");
  });

  it("is refused with RESOURCE_EXHAUSTED beyond what its caller may have", async () => {
    await start({ limits: { watchesPerCaller: 1 } });
    const first = open(openWatcher);
    await eventually(() => first.lists.length).toBe(1);
    expect(await open(openWatcher).end).toBe("resource_exhausted");
    await eventually(() => running.service.logs()).toContainEqual(
      expect.objectContaining({ code: "resource_exhausted", cause: "caller_watch_limit" }),
    );
    first.leave();
    await eventually(async () => {
      const next = open(openWatcher);
      const outcome = await Promise.race([next.end, untilListed(next)]);
      return outcome;
    }).toBe("listed");
  });
});

async function untilListed(watcher: Watcher): Promise<string> {
  await eventually(() => watcher.lists.length).toBe(1);
  return "listed";
}

describe("a watch", () => {
  it.each<[string, OpenWatcher]>([
    ["gRPC", watchWithGrpcJs],
    ["Connect", watchWithConnect],
  ])("ends at its client's deadline (%s)", async (_, openWatcher) => {
    await start();
    const watcher = open(openWatcher, { timeoutMs: 5_000 });
    expect(await watcher.end).toBe("deadline_exceeded");
    expect(watcher.lists).toHaveLength(1);
    await eventually(
      () => running.service.logs().filter(({ msg }) => msg === "request").length,
    ).toBe(1);
  });

  it("is logged where it begins and where it ends", async () => {
    await start();
    const watcher = open(watchWithGrpcJs);
    await eventually(() => watcher.lists.length).toBe(1);
    await running.configure(config("south"));
    await eventually(() => watcher.lists.length).toBe(2);
    watcher.leave();
    const caller = { kind: "connector", name: "watch" };
    await eventually(() =>
      running.service.logs().filter(({ msg }) => msg === "watch begins" || msg === "request"),
    ).toEqual([
      expect.objectContaining({ msg: "watch begins", caller, watches: 1 }),
      expect.objectContaining({
        msg: "request",
        protocol: "grpc",
        target: "ice.v1.IceService/WatchIceServers",
        code: "canceled",
        caller,
        messagesSent: 2,
        durationMs: expect.any(Number),
      }),
    ]);
    expect(running.service.stderr()).not.toContain(token);
  });

  it("whose credential is capped ends at the exp of its token, not after the tolerance", async () => {
    const tokens = createSubjectTokens();
    const jwt = tokens.jwt.map((entry) => ({ ...entry, clockTolerance: "5m" }));
    const { ice } = config("north");
    const turn = { ...ice.turn, minTtl: "1s", capAtTokenExpiry: true };
    await start({ auth: { jwt }, ice: { ...ice, turn } }, tokens.files);
    let watcher: Watcher | undefined;
    let expired = "";
    // As above: on a busy machine the token may have expired before the call.
    for (const seconds of [3, 15, 60]) {
      expired = await tokens.sign("alice", seconds);
      watcher = open(watchWithGrpcJs, { token: expired });
      expect(await watcher.end).toBe("unauthenticated");
      if (watcher.lists.length > 0) {
        break;
      }
    }
    expect(watcher?.lists).toHaveLength(1);
    const response = await fetch(`${running.service.url}/api/v1/ice-servers`, {
      headers: { Authorization: `Bearer ${expired}` },
    });
    expect(response.status).toBe(401);
  });

  it("that names no region follows the configuration to another one", async () => {
    const region = (name: string) => ({
      urls: [`turn:${name}.example.com`],
      secretFiles: ["north.secret"],
    });
    const configWith = (turn: object) => config("north", { ice: { stunUrls: [], turn } });
    const regionFrom = { database: "countries.mmdb", map: { DE: "eu", US: "us" } };
    const countries = (country: string) =>
      writeCountryDatabase({ "127.0.0.1/32": { country, continent: "EU" } });
    const both = {
      regions: { eu: region("eu"), us: region("us") },
      defaultRegion: "eu",
      regionFrom,
    };
    await start(configWith(both), { "countries.mmdb": countries("US") });
    const watcher = open(watchWithGrpcJs);
    const urls = () => watcher.lists.map(({ iceServers }) => iceServers[0]?.urls[0]);
    await eventually(urls).toEqual(["turn:us.example.com"]);
    await running.replace("countries.mmdb", countries("DE"));
    await eventually(() => urls().at(-1)).toBe("turn:eu.example.com");
    await running.configure(configWith({ regions: { ap: region("ap") }, defaultRegion: "ap" }));
    await eventually(() => urls().at(-1)).toBe("turn:ap.example.com");
    expect(urls()).toHaveLength(3);
  });

  it("of a JWT ends when the deny list names it", async () => {
    const tokens = createSubjectTokens();
    await start(
      { auth: { jwt: tokens.jwt, denyListFile: "deny.yaml" } },
      { ...tokens.files, "deny.yaml": "deny: []\n" },
    );
    const denied = open(watchWithGrpcJs, { token: await tokens.sign("mallory") });
    const other = open(watchWithGrpcJs, { token: await tokens.sign("alice") });
    await eventually(() => [denied.lists.length, other.lists.length]).toEqual([1, 1]);
    await running.replace("deny.yaml", "deny: [{ subject: mallory }]\n");
    expect(await denied.end).toBe("unauthenticated");
    other.leave();
    expect(await other.end).toBe("canceled");
  });

  it("is told by each of several workers", async () => {
    running = await startReconfigurableService(config("north"), files, {
      args: ["--workers", "2"],
    });
    const each = Array.from({ length: 6 }, () => open(watchWithGrpcJs));
    const counts = () => each.map(({ lists }) => lists.length);
    await eventually(counts).toEqual([1, 1, 1, 1, 1, 1]);
    await running.configure(config("south"));
    await eventually(counts).toEqual([2, 2, 2, 2, 2, 2]);
    await running.replace("tokens.yaml", connectorTokens({ other: "another-token" }));
    expect(new Set(await Promise.all(each.map(({ end }) => end)))).toEqual(
      new Set(["unauthenticated"]),
    );
  });

  it("goes through nginx, event by event", async () => {
    await start();
    const nginx = await startNginx({ upstreamPort: running.service.port });
    try {
      const events = watchWithCurl(nginx.restUrl, { token });
      const grpc = watchWithGrpcJs(`http://${nginx.grpcTarget}`, { token });
      const grpcWeb = watchWithConnect(nginx.restUrl, { token });
      watchers.push(events, grpc, grpcWeb);
      const counts = () => watchers.map(({ lists }) => lists.length);
      await eventually(counts).toEqual([1, 1, 1]);
      await running.configure(config("south"));
      await eventually(counts).toEqual([2, 2, 2]);
    } finally {
      for (const watcher of watchers) {
        watcher.leave();
      }
      await nginx.stop();
    }
  });

  it("outlasts the time-outs of requests, and server-sent events say that they are alive", async () => {
    await start();
    const events = watchWithCurl(running.service.url, { token });
    watchers.push(events);
    const others = [watchWithGrpcJs, watchWithConnect].map((each) => open(each));
    const comments = () => events.output().match(/^: keep-alive$/gm)?.length;
    await expect.poll(comments, { timeout: 90_000 }).toBe(2);
    await running.configure(config("south"));
    await eventually(() => [events, ...others].map(({ lists }) => lists.length)).toEqual([2, 2, 2]);
  }, 180_000);
});

describe("GET /api/v1/ice-servers:watch", () => {
  const route = "/api/v1/ice-servers:watch";
  const fetchRoute = (query: string, init: RequestInit = {}) =>
    fetch(`${running.service.url}${route}${query}`, {
      ...init,
      signal: AbortSignal.timeout(60_000),
    });

  it("answers with the headers that a stream of events needs", async () => {
    await start();
    const answer = await fetchRoute(`?token=${token}&maxUrls=1`);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
    const head = await fetchRoute(`?token=${token}`, { method: "HEAD" });
    expect(head.headers.get("content-type")).toBe("text/event-stream");
    expect(await head.text()).toBe("");
    await answer.body?.cancel();
  });

  it("answers what is wrong before the stream with problem details", async () => {
    await start();
    for (const [method, query, status, code] of [
      ["GET", "?token=wrong", 401, "unauthenticated"],
      ["GET", "", 401, "unauthenticated"],
      ["GET", `?token=${token}&ttlSeconds=1`, 400, "invalid_argument"],
      ["GET", `?token=${token}&ttlSeconds=x`, 400, "invalid_argument"],
      ["POST", `?token=${token}`, 405, "unimplemented"],
    ] as const) {
      const answer = await fetchRoute(query, { method });
      expect([method, query, answer.status]).toEqual([method, query, status]);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(await answer.json()).toMatchObject({ status, code });
    }
  });
});
