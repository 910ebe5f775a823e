import { afterEach, describe, expect, it } from "vitest";
import { scrape } from "../parts/metrics.js";
import { openRawConnection } from "../parts/raw-connection.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../parts/reconfigurable-service.js";
import { connectorTokens } from "../parts/tokens.js";
import { watchWithCurl } from "../parts/watchers.js";

const token = "logged-requests-token";
const route = "/api/v1/ice-servers";
const settings = (log: object) => ({
  auth: { connectorTokensFile: "tokens.yaml" },
  log,
  admin: { host: "127.0.0.1", port: 0 },
  ice: { stunUrls: ["stun:stun.example.com"] },
});

let running: ReconfigurableService | undefined;
afterEach(() => running?.stop());

async function start(log: object): Promise<ReconfigurableService> {
  running = await startReconfigurableService(settings(log), {
    "tokens.yaml": connectorTokens({ logged: token }),
  });
  return running;
}

/** One of each kind. */
async function callEverything({ service }: ReconfigurableService): Promise<void> {
  const { url, port } = service;
  const get = async (path: string, bearer = token) => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${bearer}` } });
    await response.arrayBuffer();
  };
  await get(route);
  await get(route, "wrong");
  await get(`${route}?ttlSeconds=x`);
  await get("/nothing");
  const malformed = await openRawConnection(port);
  malformed.socket.write("\0\r\n\r\n");
  await malformed.closed;
  const watcher = watchWithCurl(url, { token });
  await expect.poll(() => watcher.lists.length).toBe(1);
  watcher.leave();
  await expect.poll(async () => (await scrape(service)).value("ice_open_streams")).toBe(0);
}

/** Of each request that is logged, and of each watch that begins. */
function logged({ service }: ReconfigurableService): string[] {
  return service
    .logs()
    .filter(({ msg }) => msg === "request" || msg === "watch begins")
    .map(({ msg, code }) => String(code ?? msg));
}

const failures = ["unauthenticated", "invalid_argument", "not_found", "invalid_argument"];

describe("log.requests", () => {
  it.each<[log: object, expected: string[]]>([
    [{}, ["ok", ...failures, "watch begins", "canceled"]],
    [{ requests: "all" }, ["ok", ...failures, "watch begins", "canceled"]],
    [{ requests: "all", sample: 0 }, failures],
    [{ requests: "errors" }, failures],
    [{ requests: "none" }, []],
  ])("%j logs %j", async (log, expected) => {
    const service = await start(log);
    await callEverything(service);
    await expect.poll(() => logged(service)).toEqual(expected);
    // Counted all the same.
    const metrics = await scrape(service.service);
    expect(metrics.value("ice_requests_total")).toBe(6);
  });

  it("applies to the next request when it changes", async () => {
    const service = await start({});
    await service.configure(settings({ requests: "none" }));
    await callEverything(service);
    await service.configure(settings({ requests: "errors" }));
    await callEverything(service);
    await expect.poll(() => logged(service)).toEqual(failures);
  });
});

it("log.sample logs about its share of the calls that succeed", async () => {
  const service = await start({ sample: 0.5 });
  for (let index = 0; index < 200; index += 1) {
    const response = await fetch(service.service.url + route, {
      headers: { authorization: `Bearer ${token}` },
    });
    await response.arrayBuffer();
  }
  await running?.service.stop();
  // Outside of this in one of 10^12 runs.
  expect(logged(service).length).toBeGreaterThan(50);
  expect(logged(service).length).toBeLessThan(150);
});
