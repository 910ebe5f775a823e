import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createIceServerSource,
  type FreshConnectionOptions,
  keepConnectionFresh,
} from "../../../clients/typescript/src/index.js";
import { type LinkedConnection, linkConnections } from "./linked-connections.js";

const usualTtlSeconds = 600;
/** In ten lives: a list is replaced after three quarters of its life. */
const plannedRestarts = Math.ceil(10 / 0.75);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const passSeconds = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

/** A source whose user names hold their expiry. */
function createSource(ttlSeconds: number) {
  const service = { status: 200, requests: 0 };
  const source = createIceServerSource({
    url: "https://ice.test",
    getToken: () => "token",
    fetch: async () => {
      service.requests += 1;
      const username = `expires at ${Date.now() + ttlSeconds * 1000}`;
      const iceServers = [{ urls: ["turn:turn.test"], username, credential: "secret" }];
      return new Response(JSON.stringify({ iceServers, ttlSeconds }), { status: service.status });
    },
  });
  return { ...source, service };
}

/** How much of the life is left of the credentials that the candidates of a side are from. */
function findLifeLeftSeconds({ configurationInUse }: LinkedConnection): number {
  return (Number(/expires at (\d+)/.exec(configurationInUse)?.[1]) - Date.now()) / 1000;
}

/** A call of two sides, of which the callee has got its list so many seconds earlier. */
async function startCall({
  secondsBetween = 0,
  ttlSeconds = usualTtlSeconds,
  signalMs = 100,
  isRelayed = true,
  origins = ["", ""],
  kept = ["caller", "callee"],
  options = {},
}: {
  readonly secondsBetween?: number;
  readonly ttlSeconds?: number;
  readonly signalMs?: number;
  readonly isRelayed?: boolean;
  readonly origins?: readonly [string, string];
  readonly kept?: readonly string[];
  readonly options?: FreshConnectionOptions;
} = {}) {
  const sources = { caller: createSource(ttlSeconds), callee: createSource(ttlSeconds) };
  const calleeList = await sources.callee.get();
  await passSeconds(secondsBetween);
  const callerList = await sources.caller.get();
  const [caller, callee] = linkConnections(callerList.iceServers, calleeList.iceServers, {
    isRelayed,
    signalMs,
    origins,
  });
  if (kept.includes("caller")) {
    keepConnectionFresh(caller, sources.caller, options);
  }
  if (kept.includes("callee")) {
    keepConnectionFresh(callee, sources.callee, options);
  }
  return { caller, callee, sources };
}

/** Passes ten lives, and returns the least that was left of a life. */
async function passLives(
  sides: readonly LinkedConnection[],
  ttlSeconds = usualTtlSeconds,
): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let seconds = 0; seconds < 10 * ttlSeconds; seconds += 2) {
    await passSeconds(2);
    least = Math.min(least, ...sides.map(findLifeLeftSeconds));
  }
  return least;
}

describe("keepConnectionFresh", () => {
  it.each([0, 30, 60, 120, 200, 300, 445])(
    "restarts once a life, with lists of 600 s of which one is %i s older",
    async (secondsBetween) => {
      const { caller, callee, sources } = await startCall({ secondsBetween });
      expect(await passLives([caller, callee])).toBeGreaterThan(0);
      // One more for the first offer, and two until the lists have the same age.
      expect(caller.generations).toBeLessThanOrEqual(plannedRestarts + 3);
      for (const { service } of Object.values(sources)) {
        expect(service.requests).toBeLessThanOrEqual(plannedRestarts + 3);
      }
    },
  );

  it.each([
    ["lives are short", { ttlSeconds: 20, signalMs: 100 }],
    ["signals are slow", { ttlSeconds: 60, signalMs: 25_000 }],
  ])("restarts at most twice a life and side where %s", async (_, { ttlSeconds, signalMs }) => {
    const { caller, callee } = await startCall({ secondsBetween: 10, ttlSeconds, signalMs });
    await passLives([caller, callee], ttlSeconds);
    expect(caller.generations).toBeLessThanOrEqual(2 * plannedRestarts + 1);
  });

  it("restarts once a life from the side that answered, where the other side does not use it", async () => {
    const { callee } = await startCall({ kept: ["callee"] });
    expect(await passLives([callee])).toBeGreaterThan(0);
    expect(callee.generations).toBeLessThanOrEqual(plannedRestarts + 1);
  });

  describe("between Chromium and Firefox", () => {
    const chromium = "a=ice-pwd:uWVXOYOVRVJtVzZ0FR3dS2ct";
    const firefox = "a=ice-pwd:ef4086a7615fb22eb06b37a9ed7257f2\r";

    it.each([0, 30, 200, 445])(
      "lets Firefox restart, with lists of which one is %i s older",
      async (secondsBetween) => {
        const { caller, callee, sources } = await startCall({
          secondsBetween,
          origins: [chromium, firefox],
        });
        expect(await passLives([caller, callee])).toBeGreaterThan(0);
        expect(caller.offers).toBe(0);
        expect(callee.offers).toBeLessThanOrEqual(plannedRestarts + 3);
        // Ten a life.
        expect(sources.caller.service.requests).toBeLessThanOrEqual(10 * 10 + 1);
      },
    );

    it.each([
      [
        "does not restart from Chromium when contact is lost, if Firefox made the first offer",
        "active",
        0,
      ],
      ["restarts from Chromium when contact is lost, if it made the first offer", "passive", 1],
    ])("%s", async (_, setup, offers) => {
      const { caller } = await startCall({
        kept: ["caller"],
        origins: [`${chromium}\na=setup:${setup}\r`, firefox],
      });
      caller.iceConnectionState = "disconnected";
      await passSeconds(20);
      expect(caller.offers).toBe(offers);
    });

    it("leaves the call alone in Chromium, where Firefox does not use it", async () => {
      const { caller } = await startCall({ kept: ["caller"], origins: [chromium, firefox] });
      await passLives([caller]);
      expect(caller.offers).toBe(0);
    });
  });

  it("does not restart again after a restart of the application, in a young call", async () => {
    const { caller, callee, sources } = await startCall({ secondsBetween: 300 });
    caller.restartIce();
    await passSeconds(200);
    expect(callee.generations).toBe(2);
    expect(sources.callee.service.requests).toBe(2);
  });

  it("leaves a direct call alone", async () => {
    const { caller, sources } = await startCall({ isRelayed: false });
    await passLives([caller]);
    expect(caller.generations).toBe(1);
    expect(sources.caller.service.requests).toBeLessThanOrEqual(plannedRestarts + 1);
    expect(caller.getConfiguration()).toMatchObject({
      iceServers: (await sources.caller.get()).iceServers,
      iceTransportPolicy: "relay",
    });
  });

  it.each([
    ["failed", 0],
    ["disconnected", 3],
    ["checking", 15],
  ])(
    "restarts from the side that offered when the sides are %s for %i s",
    async (state, seconds) => {
      const { caller, callee } = await startCall();
      caller.iceConnectionState = state;
      callee.iceConnectionState = state;
      await passSeconds(seconds);
      expect(caller.generations).toBe(1);
      await passSeconds(4);
      expect(caller.generations).toBe(2);
      expect(callee.generations).toBe(2);
    },
  );

  it.each([
    ["failed", 10],
    ["disconnected", 13],
    ["checking", 25],
  ])("restarts from the other side when it is %s for %i s", async (state, seconds) => {
    const { callee } = await startCall();
    callee.iceConnectionState = state;
    await passSeconds(seconds);
    expect(callee.generations).toBe(1);
    await passSeconds(4);
    expect(callee.generations).toBe(2);
  });

  it("leaves a connection alone that is disconnected for a moment", async () => {
    const { caller, sources } = await startCall();
    caller.iceConnectionState = "disconnected";
    await passSeconds(2);
    caller.iceConnectionState = "connected";
    await passSeconds(60);
    expect(caller.generations).toBe(1);
    expect(sources.caller.service.requests).toBe(1);
  });

  it("waits for a sign of the network before it restarts, but not for long", async () => {
    const { caller, sources } = await startCall({ kept: ["caller"] });
    sources.caller.service.status = 503;
    caller.iceConnectionState = "disconnected";
    await passSeconds(12);
    expect(caller.generations).toBe(1);
    await passSeconds(6);
    expect(caller.generations).toBe(2);
  });

  it("says once that a call whose transport has failed is lost, and leaves it alone", async () => {
    let losses = 0;
    const options = {
      onLost: () => {
        losses += 1;
      },
    };
    const { caller } = await startCall({ kept: ["caller"], options });
    caller.sctp.transport.state = "failed";
    await passSeconds(3600);
    expect(losses).toBe(1);
    expect(caller.generations).toBe(1);
  });

  it("restarts less and less often where restarts do not help", async () => {
    const { caller } = await startCall({ kept: ["caller"] });
    caller.iceConnectionState = "failed";
    await passSeconds(240);
    // After 0, 15, 45, 105, 165, and 225 s.
    expect(caller.generations).toBe(1 + 6);
  });

  it("asks a service that is away less and less often, and restarts when it is back", async () => {
    const { caller, callee, sources } = await startCall({ kept: ["caller"] });
    sources.caller.service.status = 503;
    await passSeconds(0.99 * usualTtlSeconds);
    // For 144 s, every 5 to 15 s after the first few times.
    expect(sources.caller.service.requests).toBeLessThan(40);
    expect(caller.generations).toBe(1);
    sources.caller.service.status = 200;
    await passSeconds(60);
    expect(caller.generations).toBe(2);
    expect(callee.generations).toBe(2);
    expect(findLifeLeftSeconds(caller)).toBeGreaterThan(500);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no restart");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no restart"))],
    ["does not end", () => new Promise<void>(() => {})],
  ])("tries a restart again that %s", async (_, restart) => {
    let restarts = 0;
    const options = {
      restart: () => {
        restarts += 1;
        return restart();
      },
    };
    await startCall({ kept: ["caller"], options });
    await passSeconds(0.8 * usualTtlSeconds + 20);
    expect(restarts).toBe(2);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no handler");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no handler"))],
  ])("goes on when onError %s", async (_, onError) => {
    const reported: unknown[] = [];
    const options = {
      onError: (error: unknown) => {
        reported.push(error);
        return onError();
      },
    };
    const { caller, sources } = await startCall({ kept: ["caller"], options });
    sources.caller.service.status = 403;
    await passSeconds(0.8 * usualTtlSeconds);
    expect(reported).toContainEqual(expect.objectContaining({ status: 403 }));
    sources.caller.service.status = 200;
    await passSeconds(60);
    expect(caller.generations).toBe(2);
  });
});
