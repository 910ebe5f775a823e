import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createIceServerSource,
  type IceServerSourceOptions,
} from "../../../clients/typescript/src/index.js";

const ttlSeconds = 3600;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const passSeconds = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

/** The timers of a device that sleeps stand still, and so does its monotonic clock. */
const sleepHours = (hours: number) => vi.setSystemTime(Date.now() + hours * 3_600_000);

/** The lists of a service, each with a user name of its own, and what is asked of it. */
function createService() {
  const service = {
    streams: 0,
    requests: 0,
    answer: (): Response => new Response(JSON.stringify(service.next())),
    stream: (): Response => new Response("no streams", { status: 404 }),
    lists: 0,
    ttlSeconds: ttlSeconds as number | undefined,
    next() {
      service.lists += 1;
      const { ttlSeconds } = service;
      const username = `list ${service.lists}`;
      const turn = { urls: ["turn:turn.test"], username, credential: "secret" };
      return ttlSeconds === undefined
        ? { iceServers: [{ urls: ["stun:turn.test"] }] }
        : { iceServers: [turn], ttlSeconds };
    },
    /** A stream with a list, that goes on until it fails. */
    open(...endings: readonly string[]) {
      const body = `data: ${JSON.stringify(service.next())}\n\n${endings.join("")}`;
      return new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode(body));
            service.breakStream = () => controller.error(new TypeError("the connection is lost"));
            if (endings.length > 0) {
              controller.close();
            }
          },
        }),
        { headers: { "content-type": "text/event-stream" } },
      );
    },
    breakStream: () => {},
  };
  const fetch = async (url: unknown) => {
    const isStream = String(url).includes(":watch");
    service[isStream ? "streams" : "requests"] += 1;
    return isStream ? service.stream() : service.answer();
  };
  return { service, fetch };
}

function createSource(options: Partial<IceServerSourceOptions> = {}) {
  const { service, fetch } = createService();
  const source = createIceServerSource({
    url: "https://ice.test",
    getToken: () => "token",
    fetch,
    ...options,
  });
  return { ...source, service };
}

const unavailable = (retryAfter?: string) => () =>
  new Response("{}", {
    status: 503,
    ...(retryAfter !== undefined && { headers: { "retry-after": retryAfter } }),
  });
const lost = () => {
  throw new TypeError("fetch failed");
};
/** As a proxy answers that has lost its route. */
const unrouted = () => new Response("404 page not found", { status: 404 });

/** Takes what a watch yields. */
function follow({ watch }: Pick<ReturnType<typeof createSource>, "watch">) {
  const names: (string | undefined)[] = [];
  const controller = new AbortController();
  const ended = (async () => {
    for await (const { iceServers } of watch({ signal: controller.signal })) {
      names.push(iceServers[0]?.username);
    }
  })();
  ended.catch(() => {});
  return { names, ended, signal: controller.signal, stop: () => controller.abort() };
}

describe("watch", () => {
  it("leaves nothing on its signal when streams end", async () => {
    const source = createSource();
    source.service.stream = () => source.service.open(": the end\n\n");
    const followed = follow(source);
    await passSeconds(3600);
    expect(source.service.streams).toBeGreaterThan(10);
    expect(getEventListeners(followed.signal, "abort").length).toBeLessThan(2);
    followed.stop();
    await followed.ended;
    expect(getEventListeners(followed.signal, "abort")).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["away", lost],
    ["without a route at its proxy", unrouted],
  ])("goes back to streams after the service was %s", async (_, answer) => {
    const source = createSource();
    source.service.stream = () => source.service.open();
    const followed = follow(source);
    await passSeconds(1);
    source.service.stream = answer;
    source.service.answer = answer;
    source.service.breakStream();
    await passSeconds(600);
    expect(followed.names).toEqual(["list 1"]);
    source.service.stream = () => source.service.open();
    await passSeconds(60);
    expect(followed.names).toEqual(["list 1", "list 2"]);
    followed.stop();
  });

  it("fails where there has never been a list", async () => {
    const source = createSource();
    source.service.answer = unrouted;
    const followed = follow(source);
    await passSeconds(1);
    await expect(followed.ended).rejects.toMatchObject({ status: 404 });
  });

  it.each([
    ["a list", () => new Response(JSON.stringify({ iceServers: [] }))],
    ["an error", () => new Response("{}", { status: 403 })],
  ])("yields and throws nothing after its end, when %s comes late", async (_, answer) => {
    let arrive = () => {};
    const late = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const { watch } = createSource({
      fetch: async (url) => (String(url).includes(":watch") ? unrouted() : late.then(answer)),
    });
    const followed = follow({ watch });
    await passSeconds(1);
    followed.stop();
    arrive();
    await followed.ended;
    expect(followed.names).toEqual([]);
  });

  it("tries a stream again every ten minutes, where they do not get through", async () => {
    const source = createSource();
    const followed = follow(source);
    await passSeconds(1);
    expect(followed.names).toEqual(["list 1"]);
    await passSeconds(2 * ttlSeconds);
    expect(source.service.streams).toBeLessThanOrEqual(15);
    expect(source.service.requests).toBe(3);
    source.service.stream = () => source.service.open();
    await passSeconds(650);
    source.service.requests = 0;
    await passSeconds(2 * ttlSeconds);
    expect(source.service.requests).toBe(0);
    followed.stop();
  });

  it("gets another list soon after the device has slept, where streams do not get through", async () => {
    const source = createSource();
    const followed = follow(source);
    await passSeconds(60);
    sleepHours(8);
    await passSeconds(60);
    expect(followed.names).toEqual(["list 1", "list 2"]);
    followed.stop();
  });

  it.each(["86400", "1e999", "Fri, 31 Dec 2099 23:59:59 GMT"])(
    "does not wait for long because of Retry-After: %s",
    async (retryAfter) => {
      const source = createSource();
      source.service.stream = () => source.service.open();
      const followed = follow(source);
      await passSeconds(1);
      source.service.stream = unavailable(retryAfter);
      source.service.breakStream();
      await passSeconds(30);
      source.service.stream = () => source.service.open();
      await passSeconds(120);
      expect(followed.names).toEqual(["list 1", "list 2"]);
      followed.stop();
    },
  );

  it.each([
    ["an error", 'event: error\ndata: {"code":"unauthenticated"}\n\n'],
    ["nothing more", ": the end\n\n"],
  ])("opens streams that end after their list, with %s, less and less often", async (_, ending) => {
    const source = createSource();
    source.service.stream = () => source.service.open(ending);
    const followed = follow(source);
    await passSeconds(600);
    expect(source.service.streams).toBeGreaterThan(10);
    expect(source.service.streams).toBeLessThan(60);
    followed.stop();
  });

  it("does not open streams that only reject the token without a pause", async () => {
    const source = createSource();
    source.service.stream = () =>
      new Response('event: error\ndata: {"code":"unauthenticated"}\n\n', {
        headers: { "content-type": "text/event-stream" },
      });
    const followed = follow(source);
    await passSeconds(600);
    expect(source.service.streams).toBeLessThan(60);
    followed.stop();
  });
});

describe("get", () => {
  it.each([
    ["seconds", "30"],
    ["a date", new Date(30_000).toUTCString()],
  ])("waits as long as Retry-After says in %s", async (_, retryAfter) => {
    vi.setSystemTime(0);
    const source = createSource();
    await source.get();
    const first = source.service.answer;
    source.service.answer = unavailable(retryAfter);
    await source.get({ maxAgeShare: 0 });
    source.service.answer = first;
    for (const seconds of [1, 10, 10]) {
      await passSeconds(seconds);
      await source.get({ maxAgeShare: 0 });
    }
    expect(source.service.requests).toBe(2);
    await passSeconds(15);
    await source.get({ maxAgeShare: 0 });
    expect(source.service.requests).toBe(3);
  });

  it.each(["86400", "1e999", "Fri, 31 Dec 2099 23:59:59 GMT", "-5", "soon"])(
    "asks again within two minutes when Retry-After is %s",
    async (retryAfter) => {
      const source = createSource();
      await source.get();
      await passSeconds(0.8 * ttlSeconds);
      const answer = source.service.answer;
      source.service.answer = unavailable(retryAfter);
      await source.get();
      source.service.answer = answer;
      await passSeconds(120);
      expect(await source.get()).toMatchObject({ iceServers: [{ username: "list 2" }] });
    },
  );

  it("replaces a list without credentials that is older than asked for", async () => {
    const source = createSource();
    source.service.ttlSeconds = undefined;
    await source.get();
    await passSeconds(10);
    await source.get();
    expect(source.service.requests).toBe(1);
    await source.get({ maxAgeShare: 0 });
    expect(source.service.requests).toBe(2);
  });
});

describe("a long timeout", () => {
  beforeEach(() => {
    vi.useRealTimers();
  });

  it.each([2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY])("of %d ms", async (timeoutMs) => {
    const { service, fetch } = createService();
    service.stream = () => service.open();
    const source = createIceServerSource({
      url: "https://ice.test",
      getToken: () => "token",
      timeoutMs,
      async fetch(url, init) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        init?.signal?.throwIfAborted();
        return fetch(url);
      },
    });
    expect(await source.get()).toMatchObject({ ttlSeconds });
    const lists = source.watch();
    expect((await lists.next()).value).toMatchObject({ ttlSeconds });
    expect(service).toMatchObject({ streams: 1, requests: 1 });
    await lists.return(undefined);
  });
});
