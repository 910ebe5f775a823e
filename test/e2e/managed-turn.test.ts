import { once } from "node:events";
import { request } from "node:http";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ContractServer, hang, reply } from "../parts/contract-server.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { findFreePort } from "../parts/free-port.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import {
  cloudflareKey,
  meteredApiKey,
  startCloudflare,
  startMetered,
  startTwilio,
  twilioAccount,
} from "../parts/managed-services.js";
import { scrape } from "../parts/metrics.js";
import { startReconfigurableService } from "../parts/reconfigurable-service.js";
import { exchangeByEach } from "../parts/relayed-exchange.js";
import { connectorTokens } from "../parts/tokens.js";
import { watchWithCurl } from "../parts/watchers.js";

const token = "managed-test-token";
const ownSecret = "north-north-north-north";
const managedSecret = "south-south-south-south";
const probe = { interval: "1s", timeout: "1s", failures: 2, successes: 2 };
const files = {
  "tokens.yaml": connectorTokens({ gateway: token }),
  "own.secret": ownSecret,
  "cloudflare.token": cloudflareKey.apiToken,
  "twilio.token": twilioAccount.authToken,
  "twilio.secret": twilioAccount.apiKeySecret,
  "metered.key": meteredApiKey,
  "gateway.token": token,
};

const answerSchema = z.object({
  iceServers: z.array(
    z.object({
      urls: z.array(z.string()),
      username: z.string().optional(),
      credential: z.string().optional(),
    }),
  ),
  ttlSeconds: z.number().optional(),
  expireTime: z.string().optional(),
});
type Answer = z.infer<typeof answerSchema>;

/** By a connection of its own, which workers get in turn. */
async function getList({ url }: IceService, query = ""): Promise<Answer> {
  const sent = request(`${url}/api/v1/ice-servers${query}`, {
    agent: false,
    headers: { authorization: `Bearer ${token}` },
  }).end();
  const [response] = await once(sent, "response");
  const body: unknown = JSON.parse((await response.toArray()).join(""));
  expect(response.statusCode).toBe(200);
  return answerSchema.parse(body);
}

const turnUrls = ({ iceServers }: Answer) =>
  iceServers.filter(({ credential }) => credential !== undefined).flatMap(({ urls }) => urls);
const eventually = <T>(check: () => T) => expect.poll(check, { interval: 100 });

let managed: Coturn;
let ownPort: number;
let ownUrl: string;
let managedUrls: readonly string[];
const opened: (() => Promise<unknown>)[] = [];
/** Has it closed after the test. */
function keep<T>(opening: T, close: (opened: T) => Promise<unknown>): T {
  opened.push(() => close(opening));
  return opening;
}

beforeAll(async () => {
  ownPort = await findFreePort();
  ownUrl = `turn:127.0.0.1:${ownPort}`;
  managed = await startCoturn({ secrets: [managedSecret] });
  const url = `turn:127.0.0.1:${managed.port}`;
  managedUrls = [`${url}?transport=udp`, `${url}?transport=tcp`];
  return () => managed.stop();
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) {
    await close();
  }
});

const start = async (turn: object, args: readonly string[] = [], config: object = {}) =>
  keep(
    await startIceService({
      files,
      args,
      config: {
        admin: { port: 0 },
        auth: { connectorTokensFile: "tokens.yaml" },
        shutdown: { delay: "0s" },
        ice: { stunUrls: [], turn },
        ...config,
      },
    }),
    (service) => service.stop(),
  );
const startOwn = async () =>
  keep(await startCoturn({ secrets: [ownSecret], port: ownPort }), (coturn) => coturn.stop());
const startService = async (starting: Promise<ContractServer>) =>
  keep(await starting, (server) => server.close());
const handedOut = () => ({ secret: managedSecret, urls: managedUrls });
const ownTurn = () => ({ urls: [ownUrl], secretFiles: ["own.secret"] });

const cloudflareAt = ({ url }: ContractServer) => ({
  ...{ provider: "cloudflare", keyId: cloudflareKey.keyId, apiTokenFile: "cloudflare.token" },
  baseUrl: url,
});
const twilioAt = ({ url }: ContractServer) => ({
  ...{ provider: "twilio", accountSid: twilioAccount.accountSid, authTokenFile: "twilio.token" },
  baseUrl: url,
});

async function getGroups({ adminUrl }: IceService): Promise<unknown> {
  const response = await fetch(`${adminUrl}/health/turn`);
  return z.object({ groups: z.array(z.unknown()) }).parse(await response.json()).groups;
}

const messages = (service: IceService, level: string) =>
  service.logs().flatMap((line) => (line.level === level ? [line.msg] : []));

function expectNoSecret(service: IceService, metrics: string): void {
  const told = service.stderr() + metrics;
  for (const secret of [...Object.values(files), managedSecret]) {
    expect(told).not.toContain(secret);
  }
  expect(told).not.toContain(Buffer.from(managedSecret).toString("base64"));
}

describe("a managed provider", () => {
  it.each([
    [
      "cloudflare",
      startCloudflare,
      { keyId: cloudflareKey.keyId, apiTokenFile: "cloudflare.token" },
    ],
    [
      "twilio",
      startTwilio,
      { accountSid: twilioAccount.accountSid, authTokenFile: "twilio.token" },
    ],
    [
      "twilio with an API key",
      startTwilio,
      {
        accountSid: twilioAccount.accountSid,
        apiKeySid: twilioAccount.apiKeySid,
        apiKeySecretFile: "twilio.secret",
      },
    ],
  ] as const)("%s gives credentials that relay", async (name, startProvider, keys) => {
    const server = await startService(startProvider(handedOut()));
    const [provider] = name.split(" ");
    const service = await start({ managed: [{ provider, ...keys, baseUrl: server.url }] });
    const list = await getList(service);
    expect(turnUrls(list)).toEqual(managedUrls);
    expect(list.iceServers).toHaveLength(1);
    expect(list.ttlSeconds).toBeGreaterThan(86_300);
    expect(await exchangeByEach(list.iceServers)).toEqual(managedUrls);
    expect(server.violations).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it("http gives those of Metered's list", async () => {
    const server = await startService(startMetered(handedOut()));
    const url = `${server.url}/api/v1/turn/credentials?region=europe`;
    const service = await start({
      managed: [
        { provider: "http", url, tokenFile: "metered.key", tokenParameter: "apiKey", ttl: "1h" },
      ],
    });
    const list = await getList(service);
    expect(await exchangeByEach(list.iceServers)).toEqual(managedUrls);
    expect(list.ttlSeconds).toBeGreaterThan(3500);
    expect(list.ttlSeconds).toBeLessThanOrEqual(3600);
    expect(server.violations).toEqual([]);
    expect(server.requests[0]?.query.get("region")).toBe("europe");
  });

  it("http gives those of another ice-service, which live as long as that says", async () => {
    const other = keep(
      await startIceService({
        files: { ...files, "own.secret": managedSecret },
        config: {
          auth: { connectorTokensFile: "tokens.yaml" },
          ice: {
            stunUrls: [],
            turn: { urls: managedUrls, secretFiles: ["own.secret"], ttl: "30m", name: "other" },
          },
        },
      }),
      (service) => service.stop(),
    );
    const service = await start({
      managed: [
        { provider: "http", url: `${other.url}/api/v1/ice-servers`, tokenFile: "gateway.token" },
      ],
    });
    const list = await getList(service);
    expect(list.iceServers[0]?.username).toMatch(/:other$/);
    expect(await exchangeByEach(list.iceServers)).toEqual(managedUrls);
    expect(list.ttlSeconds).toBeGreaterThan(1700);
    expect(list.ttlSeconds).toBeLessThanOrEqual(1800);
  });
});

describe.each([
  ["one process", []],
  ["workers", ["--workers", "2"]],
])("managedUse: fallback, with %s", (_name, args) => {
  it("serves managed servers while the own one is down, and callers notice nothing else", async () => {
    const own = await startOwn();
    const server = await startService(startCloudflare(handedOut()));
    const service = await start({ ...ownTurn(), probe, managed: [cloudflareAt(server)] }, args);
    const watcher = watchWithCurl(service.url, { token });
    opened.push(async () => watcher.leave());
    expect(turnUrls(await getList(service))).toEqual([ownUrl]);
    await eventually(() => server.requests.length).toBe(1);
    await eventually(() => getGroups(service)).toMatchObject([
      { kind: "turn", state: "live", urls: [{ url: ownUrl, state: "up" }] },
      { provider: "cloudflare", state: "live", urls: [{ state: "up" }, { state: "up" }] },
    ]);

    await own.stop();
    await eventually(async () => turnUrls(await getList(service))).toEqual(managedUrls);
    expect(await exchangeByEach((await getList(service)).iceServers)).toEqual(managedUrls);
    await eventually(() => watcher.lists.at(-1)?.iceServers.flatMap(({ urls }) => urls)).toEqual(
      managedUrls,
    );
    await eventually(() => getGroups(service)).toMatchObject([
      { kind: "turn", state: "replaced" },
      { provider: "cloudflare", state: "live" },
    ]);
    expect(messages(service, "error")).toEqual([
      "all own TURN URLs are down: a managed TURN provider replaces them",
    ]);

    await startOwn();
    await eventually(async () => turnUrls(await getList(service))).toEqual([ownUrl]);
    await eventually(() => watcher.lists.at(-1)?.iceServers.flatMap(({ urls }) => urls)).toEqual([
      ownUrl,
    ]);

    const metrics = await scrape(service);
    const labels = { provider: "cloudflare" };
    const answers = metrics.value("ice_managed_answers_total", { ...labels, reason: "fallback" });
    expect(answers).toBeGreaterThanOrEqual(3);
    expect(metrics.value("ice_managed_requests_total", labels)).toBe(1);
    expect(metrics.value("ice_managed_credential_seconds", labels)).toBeGreaterThan(86_000);
    expect(metrics.value("ice_turn_url_up", labels)).toBe(2);
    expect(metrics.value("ice_managed_missing_total")).toBe(0);
    expect(server.requests).toHaveLength(1);
    expect(server.violations).toEqual([]);
    expectNoSecret(service, metrics.text);
  });
});

describe("the cost of managed TURN", () => {
  it("is one request for 2,000 responses, with workers", async () => {
    const server = await startService(startCloudflare(handedOut()));
    const service = await start({ managed: [cloudflareAt(server)] }, ["--workers", "2"]);
    const url = `${service.url}/api/v1/ice-servers?token=${token}`;
    const call = async () => {
      const lists: unknown[] = [];
      for (let index = 0; index < 100; index++) {
        lists.push(turnUrls(answerSchema.parse(await (await fetch(url)).json())));
      }
      return lists;
    };
    const lists = (await Promise.all(Array.from({ length: 20 }, call))).flat();
    expect(lists).toEqual(Array.from({ length: 2000 }, () => managedUrls));
    const metrics = await scrape(service);
    expect(metrics.value("ice_managed_answers_total", { reason: "only" })).toBe(2000);
    expect(server.requests).toHaveLength(1);
  });
});

describe("managedUse: always", () => {
  it("serves both, until the first credential expires", async () => {
    await startOwn();
    const server = await startService(startTwilio({ ...handedOut(), ttlSeconds: 600 }));
    const managedUse = "always";
    const service = await start({ ...ownTurn(), managedUse, managed: [twilioAt(server)] });
    const list = await getList(service);
    expect(turnUrls(list)).toEqual([ownUrl, ...managedUrls]);
    expect(list.ttlSeconds).toBeGreaterThan(500);
    expect(list.ttlSeconds).toBeLessThanOrEqual(600);
    expect(await exchangeByEach(list.iceServers)).toEqual([ownUrl, ...managedUrls]);
    const short = await getList(service, "?ttlSeconds=60&maxUrls=2");
    expect(short).toMatchObject({ ttlSeconds: 60 });
    expect(turnUrls(short)).toEqual([ownUrl, managedUrls[1]]);
  });
});

describe("a managed provider that fails", () => {
  it("costs callers at most its timeout, once, and is used when it recovers", async () => {
    const server = await startService(startCloudflare(handedOut()));
    server.misbehave(hang);
    const service = await start({ managed: [{ ...cloudflareAt(server), timeout: "1s" }] });
    expect(turnUrls(await getList(service))).toEqual([]);
    expect(turnUrls(await getList(service))).toEqual([]);
    const metrics = await scrape(service);
    expect(metrics.value("ice_managed_missing_total", { reason: "only" })).toBe(2);
    expect(metrics.value("ice_managed_failures_total", { reason: "unreachable" })).toBe(1);
    expect(messages(service, "warn")).toEqual(
      expect.arrayContaining([
        "a managed TURN provider gives no credential: it is not used",
        expect.stringContaining("responses lack managed TURN"),
      ]),
    );
    server.misbehave(undefined);
    await eventually(async () => turnUrls(await getList(service))).toEqual(managedUrls);
    expect(server.mostAtOnce).toBe(1);
    expectNoSecret(service, metrics.text);
  });

  it("is left alone for as long as it asks, while the next one is used", async () => {
    const first = await startService(startCloudflare(handedOut()));
    const second = await startService(startTwilio(handedOut()));
    first.misbehave(reply(429, { error: "slow down" }, { "Retry-After": "3600" }));
    const service = await start({ managed: [cloudflareAt(first), twilioAt(second)] });
    expect(turnUrls(await getList(service))).toEqual(managedUrls);
    const metrics = await scrape(service);
    expect(metrics.value("ice_managed_answers_total", { provider: "twilio" })).toBe(1);
    expect(metrics.value("ice_managed_failures_total", { reason: "rate-limited" })).toBe(1);
    expect(first.requests).toHaveLength(1);
  });

  it("keeps its last credential in use", async () => {
    const server = await startService(startTwilio({ ...handedOut(), ttlSeconds: 10 }));
    const service = await start({ managed: [twilioAt(server)] });
    const { iceServers } = await getList(service);
    server.misbehave(reply(500, {}));
    await eventually(() => messages(service, "warn")).toEqual([
      "a managed TURN provider gives no new credential: the last one stays in use while it lasts",
    ]);
    expect((await getList(service)).iceServers).toEqual(iceServers);
    await eventually(async () => turnUrls(await getList(service))).toEqual([]);
  });
});

describe("a reload", () => {
  it("keeps the credential of a provider whose settings stay, and asks one that is new", async () => {
    const first = await startService(startCloudflare(handedOut()));
    const second = await startService(startTwilio(handedOut()));
    const configure = (...managed: object[]) => ({
      auth: { connectorTokensFile: "tokens.yaml" },
      admin: { port: 0 },
      ice: { stunUrls: [], turn: { managed } },
    });
    const { service, configure: change } = keep(
      await startReconfigurableService(configure(cloudflareAt(first)), files),
      (each) => each.stop(),
    );
    const { iceServers } = await getList(service);
    await change(configure(cloudflareAt(first), twilioAt(second)));
    expect((await getList(service)).iceServers).toEqual(iceServers);
    await eventually(() => second.requests.length).toBe(1);
    await change(configure(twilioAt(second)));
    expect((await getList(service)).iceServers).not.toEqual(iceServers);
    expect(first.requests).toHaveLength(1);
    expect(second.requests).toHaveLength(1);
  });
});
