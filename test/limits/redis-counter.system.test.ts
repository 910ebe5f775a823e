import { createSecretKey } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { RedisConfig } from "../../src/limits/redis-config.js";
import { RedisCounter } from "../../src/limits/redis-counter.js";
import type { SentinelConfig } from "../../src/limits/sentinel-config.js";
import { createRecordingLog } from "../authentication/verifier-setup.js";
import { findFreePort } from "../parts/free-port.js";
import { type RedisServer, startRedisServer } from "../parts/redis-server.js";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

async function startServer(options?: Parameters<typeof startRedisServer>[0]): Promise<RedisServer> {
  const server = await startRedisServer(options);
  stops.push(server.stop);
  return server;
}

async function openCounter(url: string, sentinel?: SentinelConfig) {
  const { log, lines } = createRecordingLog();
  const config: RedisConfig = {
    location: createSecretKey(url, "utf8"),
    address: "redis://the-server",
    keyPrefix: "test:",
    ...(sentinel && { sentinel }),
  };
  const counter = new RedisCounter(config, log);
  stops.push(() => counter.close());
  counter.open();
  await counter.settled;
  return { counter, lines };
}

/** Another process is waited for, on a machine that may be busy. */
const eventually = <T>(probe: () => T) => expect.poll(probe);

// On a busy machine Redis may take more than the 50 ms after which it is, rightly, not waited for.
describe("RedisCounter", { retry: 2 }, () => {
  it("counts for all who share the server, in a window that ends by itself", async () => {
    const server = await startServer();
    const { counter: first } = await openCounter(server.url);
    const { counter: second } = await openCounter(server.url);
    expect(await first.add("a", 60_000)).toMatchObject({ count: 1 });
    expect(await second.add("a", 60_000)).toMatchObject({ count: 2 });
    expect(await second.add("b", 60_000)).toMatchObject({ count: 1 });
    const { count, leftMs } = (await first.add("a", 60_000)) ?? {};
    expect(count).toBe(3);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(60_000);
    await first.add("short", 1);
    await eventually(async () => (await first.add("short", 1))?.count).toBe(1);
  });

  it("counts each of many calls made at once", async () => {
    const { counter } = await openCounter((await startServer()).url);
    const counts = await Promise.all(
      Array.from({ length: 100 }, async () => (await counter.add("a", 60_000))?.count),
    );
    expect(counts).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  it("takes the password of its URL, and shows none that is wrong", async () => {
    const password = "good:p@ss/word";
    const { port } = await startServer({ password });
    const urlWith = (text: string) => `redis://:${encodeURIComponent(text)}@127.0.0.1:${port}/1`;
    const { counter } = await openCounter(urlWith(password));
    expect(await counter.add("a", 60_000)).toMatchObject({ count: 1 });

    const wrong = await openCounter(urlWith("wrong-password"));
    expect(wrong.counter.isUp).toBe(false);
    expect(wrong.lines).toMatchObject([
      { level: "warn", fields: { cause: expect.stringMatching(/^(WRONGPASS|NOAUTH)$/) } },
    ]);
    expect(JSON.stringify(wrong.lines)).not.toContain("wrong-password");
  });

  it("tells once that the server is not there, and once that it has come", async () => {
    const port = await findFreePort();
    const { counter, lines } = await openCounter(`redis://127.0.0.1:${port}`);
    expect(counter.isUp).toBe(false);
    expect(await counter.add("a", 60_000)).toBeUndefined();
    await startServer({ port });
    await eventually(() => counter.isUp).toBe(true);
    expect(await counter.add("a", 60_000)).toMatchObject({ count: 1 });
    expect(lines).toMatchObject([
      { level: "warn", fields: { redis: "redis://the-server", cause: "ECONNREFUSED" } },
      { level: "info" },
    ]);
  });

  it("tells that no Sentinel answers, and why, without its password", async () => {
    const sentinel = await startServer({
      password: "sentinel-password",
      isSentinel: true,
      settings: ["sentinel monitor mymaster 127.0.0.1 1 1"],
    });
    const open = (port: number, password: string, master = "mymaster") =>
      openCounter(`redis://${master}`, {
        addresses: [{ host: "127.0.0.1", port }],
        passwordFile: { name: "sentinel.secret", key: createSecretKey(password, "utf8") },
      });
    const away = await open(await findFreePort(), "sentinel-password");
    expect(away.lines).toMatchObject([{ fields: { cause: "no Sentinel answers" } }]);
    const wrong = await open(sentinel.port, "WRONG-password");
    expect(wrong.lines).toMatchObject([{ fields: { cause: "Sentinel: WRONGPASS" } }]);
    expect(JSON.stringify(wrong.lines)).not.toContain("WRONG-password");
    const unknown = await open(sentinel.port, "sentinel-password", "another");
    expect(unknown.lines).toMatchObject([{ fields: { cause: "no Sentinel knows the master" } }]);
  });

  it("waits for a server that hangs once, and goes back to it", async () => {
    const server = await startServer();
    const { counter, lines } = await openCounter(server.url);
    server.signal("SIGSTOP");
    expect(await counter.add("a", 60_000)).toBeUndefined();
    expect(counter.isUp).toBe(false);
    server.signal("SIGCONT");
    await eventually(() => counter.isUp).toBe(true);
    expect(lines).toMatchObject([
      { level: "warn", fields: { cause: "too slow" } },
      { level: "info" },
    ]);
  });

  it("gives up on a server that takes connections and no login, and goes to the one that follows it", async () => {
    const password = "login-password";
    const server = await startServer({ password });
    let connections = 0;
    const address = createServer((socket) => {
      connections += 1;
      if (connections > 1) {
        const upstream = connect(server.port, "127.0.0.1");
        socket.pipe(upstream).pipe(socket);
        socket.on("error", () => upstream.destroy());
        upstream.on("error", () => socket.destroy());
      }
    }).listen(0, "127.0.0.1");
    stops.push(() => address.close());
    await once(address, "listening");
    const found = address.address();
    const port = typeof found === "object" ? found?.port : undefined;
    const { counter, lines } = await openCounter(`redis://:${password}@127.0.0.1:${port}`);
    expect(counter.isUp).toBe(false);
    expect(lines).toMatchObject([{ level: "warn", fields: { cause: "too slow" } }]);
    await eventually(() => counter.isUp).toBe(true);
    expect(await counter.add("a", 60_000)).toMatchObject({ count: 1 });
  });

  it("is down at once when the server ends, and up when it is there again", async () => {
    const server = await startServer();
    const { counter } = await openCounter(server.url);
    await server.stop();
    await eventually(() => counter.isUp).toBe(false);
    await startServer({ port: server.port });
    await eventually(() => counter.isUp).toBe(true);
  });
});
