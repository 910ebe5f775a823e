import { afterEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { systemClock } from "../../../src/clock.js";
import { createOutgoingHttp } from "../../../src/outgoing/outgoing-http.js";
import { describeConfig, loadConfig } from "../../../src/service-config.js";
import { ManagedError } from "../../../src/turn/managed/managed-error.js";
import type { ManagedService } from "../../../src/turn/managed/managed-service.js";
import { requestCredential } from "../../../src/turn/managed/renewal/credential-request.js";
import { problemsOf } from "../../config-problems.js";
import {
  type ContractServer,
  drop,
  garbage,
  hang,
  huge,
  type Misbehavior,
  redirectTo,
  reply,
  stall,
  truncate,
} from "../../parts/contract-server.js";
import {
  cloudflareKey,
  meteredApiKey,
  startCloudflare,
  startMetered,
  startTwilio,
  twilioAccount,
  twilioError,
} from "../../parts/managed-services.js";
import { MemoryFiles } from "../../parts/memory-files.js";
import { connectorTokens } from "../../parts/tokens.js";

const { accountSid, apiKeySid } = twilioAccount;
const secrets = {
  "cloudflare.token": cloudflareKey.apiToken,
  "twilio.token": twilioAccount.authToken,
  "twilio.secret": twilioAccount.apiKeySecret,
  "metered.key": meteredApiKey,
  "wrong.token": "a-wrong-token",
  "odd.token": "an odd €-token",
};
const handedOut = {
  secret: "south",
  urls: ["turn:a.test?transport=udp", "turn:a.test?transport=tcp"],
};

const load = (turn: object) =>
  loadConfig({
    file: "/etc/ice.yaml",
    env: {},
    files: new MemoryFiles({
      "ice.yaml": stringify({ auth: { connectorTokensFile: "tokens.yaml" }, ice: { turn } }),
      "tokens.yaml": connectorTokens({ gateway: "token" }),
      "turn.secret": "north-north-north-north",
      ...secrets,
    }),
  });
const servicesOf = (...managed: readonly object[]): readonly ManagedService[] =>
  load({ managed }).config.ice.servers.managed?.services ?? [];
const problemsWith = (...managed: readonly object[]) =>
  problemsOf(() => load({ managed })).map(({ key, problem, fix }) => `${key}: ${problem}. ${fix}`);

const opened: ContractServer[] = [];
const outgoing = createOutgoingHttp({});
afterEach(async () => {
  for (const server of opened.splice(0)) {
    await server.close();
  }
});
async function open(starting: Promise<ContractServer>): Promise<ContractServer> {
  const server = await starting;
  opened.push(server);
  return server;
}

async function ask(managed: object) {
  const [service] = servicesOf({ timeout: "30s", ...managed });
  if (service === undefined) {
    throw new TypeError("there is a service");
  }
  return requestCredential(service, outgoing, systemClock, new AbortController().signal);
}
const failureOf = async (managed: object): Promise<ManagedError> => {
  const error: unknown = await ask(managed).catch((thrown: unknown) => thrown);
  if (!(error instanceof ManagedError)) {
    throw new TypeError(`not a ManagedError: ${error}`);
  }
  return error;
};

const cloudflare = {
  start: () => startCloudflare(handedOut),
  at: ({ url: baseUrl }: Pick<ContractServer, "url">) => ({
    ...{ provider: "cloudflare", keyId: cloudflareKey.keyId, apiTokenFile: "cloudflare.token" },
    baseUrl,
  }),
};
const twilio = {
  start: () => startTwilio(handedOut),
  at: ({ url: baseUrl }: Pick<ContractServer, "url">) => ({
    ...{ provider: "twilio", accountSid, authTokenFile: "twilio.token", baseUrl },
  }),
};
const metered = {
  start: () => startMetered(handedOut),
  at: ({ url }: Pick<ContractServer, "url">) => ({
    ...{ provider: "http", url: `${url}/api/v1/turn/credentials` },
    ...{ tokenFile: "metered.key", tokenParameter: "apiKey" },
  }),
};
const providers = { cloudflare, twilio, metered };

const isSlow = (how: Misbehavior) => how === hang || how === stall;

describe.each(Object.entries(providers))("%s", (_name, { start, at }) => {
  it("gives a credential that lives as long as was asked for", async () => {
    const server = await open(start());
    await expect(ask({ ...at(server), ttl: "1h" })).resolves.toEqual({
      entries: [
        {
          urls: handedOut.urls,
          username: expect.stringMatching(/^\d+:/),
          credential: expect.any(String),
        },
      ],
      ttlSeconds: 3600,
    });
    expect(server.violations).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it.each<[failure: string, what: string, how: Misbehavior]>([
    ["unreachable", "says nothing", hang],
    ["unreachable", "says half of it", stall],
    ["unreachable", "breaks off", truncate],
    ["unreachable", "drops the connection", drop],
    ["unreachable", "sends ten megabytes", huge],
    ["unreachable", "redirects", redirectTo("http://127.0.0.1:9/")],
    ["malformed", "sends a web page", garbage],
    ["malformed", "sends null", reply(200, null)],
    ["no-turn-url", "sends an empty list", reply(200, { iceServers: [], ice_servers: [] })],
    ["status", "sends 200's sibling without a body", reply(202, {})],
    ["status", "fails", reply(500, { error: "internal" })],
    ["status", "is overloaded", reply(503, {}, { "Retry-After": "7" })],
    ["rate-limited", "limits requests", reply(429, {}, { "Retry-After": "600" })],
  ])("fails with %s when it %s", async (failure, _what, how) => {
    const server = await open(start());
    server.misbehave(how);
    const error = await failureOf({ ...at(server), ...(isSlow(how) && { timeout: "1s" }) });
    expect(error.failure).toBe(failure);
    for (const secret of Object.values(secrets)) {
      expect(error.message).not.toContain(secret);
      expect(error.message).not.toContain(Buffer.from(secret).toString("base64").slice(0, 12));
    }
  });

  it("says when to ask again", async () => {
    const server = await open(start());
    server.misbehave(reply(429, {}, { "Retry-After": "600" }));
    expect((await failureOf(at(server))).retryAfterSeconds).toBe(600);
  });
});

describe("cloudflare", () => {
  it.each([
    ["the API token is wrong", { apiTokenFile: "wrong.token" }, 401],
    ["there is no such key", { keyId: "other" }, 404],
  ])("fails with the status when %s", async (_what, settings, status) => {
    const server = await open(cloudflare.start());
    const error = await failureOf({ ...cloudflare.at(server), ...settings });
    expect([error.failure, error.message]).toEqual(["status", `HTTP status ${status}`]);
  });

  it("encodes the ID of the key, and keeps a path of baseUrl", () => {
    const [service] = servicesOf({
      ...{ provider: "cloudflare", keyId: "a/b?c", apiTokenFile: "cloudflare.token" },
      baseUrl: "https://gateway.test/cloudflare/",
    });
    expect(service?.createRequest().url.href).toBe(
      "https://gateway.test/cloudflare/v1/turn/keys/a%2Fb%3Fc/credentials/generate-ice-servers",
    );
  });
});

describe("twilio", () => {
  it.each([
    ["the token is wrong", { authTokenFile: "wrong.token" }, 401],
    ["there is no such account", { accountSid: `AC${"0".repeat(32)}` }, 404],
  ])("fails with the status when %s", async (_what, settings, status) => {
    const server = await open(twilio.start());
    const error = await failureOf({ ...twilio.at(server), ...settings });
    expect([error.failure, error.message]).toEqual(["status", `HTTP status ${status}`]);
  });

  it.each([
    [400, 30012, "TTL is too small"],
    [429, 20429, "Too Many Requests"],
  ])("fails with its documented error %i %i", async (status, code, message) => {
    const server = await open(twilio.start());
    server.misbehave(reply(status, twilioError(status, code, message)));
    expect((await failureOf(twilio.at(server))).message).toBe(`HTTP status ${status}`);
  });

  it("takes an API key", async () => {
    const server = await open(twilio.start());
    const login = { apiKeySid, apiKeySecretFile: "twilio.secret", baseUrl: server.url };
    await ask({ provider: "twilio", accountSid, ...login });
    expect(server.violations).toEqual([]);
  });

  it("goes by the lifetime that the response states, as text", async () => {
    const server = await open(startTwilio({ ...handedOut, ttlSeconds: 600 }));
    expect((await ask(twilio.at(server))).ttlSeconds).toBe(600);
  });

  it.each<[object, string]>([
    [
      {},
      "ice.turn.managed[0]: has no complete login. Set apiKeySid and apiKeySecretFile, or authTokenFile",
    ],
    [
      { apiKeySid },
      "ice.turn.managed[0]: has no complete login. Set apiKeySid and apiKeySecretFile, or authTokenFile",
    ],
    [
      { authTokenFile: "twilio.token", apiKeySid, apiKeySecretFile: "twilio.secret" },
      "ice.turn.managed[0].authTokenFile: is set beside an API key. Set one of the two",
    ],
    [
      { authTokenFile: "twilio.token", ttl: "25h" },
      "ice.turn.managed[0].ttl: is not between 1s and 24h. Write 24h, for example",
    ],
  ])("needs one login: %o", (login, problem) => {
    expect(problemsWith({ provider: "twilio", accountSid, ...login })).toEqual([problem]);
  });
});

describe("http", () => {
  const turn = { urls: "turn:a.test", username: "u", credential: "c" };
  const entries = [{ urls: ["turn:a.test"], username: "u", credential: "c" }];
  const anyServer = () => startMetered(handedOut);
  const at = ({ url }: ContractServer) => ({ provider: "http", url: `${url}/list`, ttl: "2h" });

  it.each<[form: string, body: unknown, ttlSeconds: number]>([
    ["{iceServers, ttlSeconds}", { iceServers: [turn], ttlSeconds: 60, ttl: 90 }, 60],
    ["{iceServers} without a lifetime", { iceServers: [turn] }, 7200],
    ["{iceServers} with one entry", { iceServers: turn, ttl: 90 }, 90],
    ["{ice_servers, ttl_seconds}", { ice_servers: [turn], ttl_seconds: 60 }, 60],
    ["{ice_servers, ttl} as text", { ice_servers: [turn], ttl: "90" }, 90],
    ["a bare array", [turn], 7200],
    [
      "TURN REST",
      { username: "u", password: "c", ttl: 90, uris: ["turn:a.test", "stun:a.test"] },
      90,
    ],
    ["TURN REST without a lifetime", { username: "u", password: "c", uris: ["turn:a.test"] }, 7200],
  ])("reads %s", async (_form, body, ttlSeconds) => {
    const server = await open(anyServer());
    server.misbehave(reply(200, body));
    await expect(ask(at(server))).resolves.toEqual({ entries, ttlSeconds });
  });

  it("sends a Bearer token, or the token as a parameter, or none", async () => {
    const server = await open(anyServer());
    server.misbehave(reply(200, [turn]));
    await ask(at(server));
    await ask({ ...at(server), tokenFile: "metered.key" });
    await ask({ ...at(server), tokenFile: "metered.key", tokenParameter: "key" });
    const sent = server.requests.map(({ method, headers, query }) => [
      method,
      headers.authorization,
      query.get("key"),
    ]);
    expect(sent).toEqual([
      ["GET", undefined, null],
      ["GET", `Bearer ${meteredApiKey}`, null],
      ["GET", undefined, meteredApiKey],
    ]);
  });

  it("leaves the query as it is written but for the token", async () => {
    const server = await open(anyServer());
    const [service] = servicesOf({
      ...{ ...at(server), url: `${server.url}/list?sig=a%20b/c&key=old&&flag&x=1&x=2` },
      ...{ tokenFile: "metered.key", tokenParameter: "key" },
    });
    expect(service?.createRequest().url.search).toBe(
      `?sig=a%20b/c&flag&x=1&x=2&key=${meteredApiKey}`,
    );
  });

  it("sends the request to baseUrl, with the path and query of its URL", async () => {
    const server = await open(anyServer());
    server.misbehave(reply(200, [turn]));
    const url = "https://turn.test/list?region=eu";
    await ask({ provider: "http", url, baseUrl: `${server.url}/gateway/` });
    expect(server.requests.map(({ path, query }) => [path, query.get("region")])).toEqual([
      ["/gateway/list", "eu"],
    ]);
  });

  it.each<[object, string]>([
    [
      { baseUrl: "http://gateway.test" },
      "ice.turn.managed[0].baseUrl: is not an https: URL. Use https:; the request carries a secret",
    ],
    [
      { baseUrl: "http://127.0.0.1.test" },
      "ice.turn.managed[0].baseUrl: is not an https: URL. Use https:; the request carries a secret",
    ],
    [
      { tokenParameter: "key" },
      "ice.turn.managed[0].tokenParameter: is set without a token. Set tokenFile",
    ],
    [
      { url: "http://turn.test/" },
      "ice.turn.managed[0].url: is not an https: URL. Use https:; the request carries a secret",
    ],
    [
      { url: "https://user:pass@turn.test/" },
      "ice.turn.managed[0].url: contains a user name or password. Remove it",
    ],
    [
      { url: "turn.test" },
      "ice.turn.managed[0].url: is not a URL. Write it like https://turn.example.com/credentials",
    ],
  ])("refuses %o", (settings, problem) => {
    expect(problemsWith({ provider: "http", url: "https://turn.test/", ...settings })).toEqual([
      problem,
    ]);
  });
});

describe("ice.turn.managed", () => {
  const http = { provider: "http", url: "https://turn.test/?apiKey=hidden-key" };

  it("numbers providers of a kind", () => {
    const names = servicesOf(http, cloudflare.at({ url: "https://c.test" }), {
      ...http,
      ttl: "1h",
    }).map(({ name }) => name);
    expect(names).toEqual(["http", "cloudflare", "http-2"]);
  });

  it("tells settings apart, secrets included, and says nothing about them", () => {
    const [one, same, otherLimits, otherToken, otherTtl] = [
      {},
      {},
      { maxPerHour: 3, timeout: "5s" },
      { tokenFile: "wrong.token" },
      { ttl: "1h" },
    ].map(
      (settings) => servicesOf({ ...http, tokenFile: "metered.key", ...settings })[0]?.identity,
    );
    expect([same, otherLimits]).toEqual([one, one]);
    expect(new Set([one, otherToken, otherTtl]).size).toBe(3);
    expect(one).not.toContain(meteredApiKey);
  });

  it("is described without secrets", () => {
    const described = JSON.stringify(
      describeConfig(load({ managed: [{ ...http, tokenFile: "metered.key" }] }).config),
    );
    expect(described).toContain('"url":"https://turn.test/?<hidden>"');
    expect(described).not.toContain(meteredApiKey);
    expect(described).not.toContain("hidden-key");
  });

  it("refuses a token that no header can carry, and shows nothing of it", () => {
    expect(problemsWith({ ...http, tokenFile: "odd.token" })).toEqual([
      "ice.turn.managed[0].tokenFile: contains a character that no token has. Write the token alone into the file, as the provider shows it",
    ]);
  });

  it("names unknown providers and keys", () => {
    expect(problemsWith({ provider: "cloudflair" }, { ...http, tokenfile: "x" })).toEqual([
      'ice.turn.managed[0].provider: "cloudflair" is not a known value. Did you mean cloudflare?',
      "ice.turn.managed[1].tokenfile: unknown key. Did you mean tokenFile?",
    ]);
  });

  const own = { urls: ["turn:own.test"], secretFiles: ["turn.secret"] };
  it.each<[turn: object, warns: boolean]>([
    [{ ...own, managed: [http] }, true],
    [{ ...own, managed: [http], probe: {} }, false],
    [{ ...own, managed: [http], managedUse: "always" }, false],
    [{ managed: [http] }, false],
  ])("warns of a fallback that nothing can start: %o", (turn, warns) => {
    const about = load(turn).warnings.filter((text) => text.includes("is never used"));
    expect(about.length > 0).toBe(warns);
  });
});
