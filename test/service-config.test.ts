import { createSecretKey } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { LoadOptions } from "../src/config/load-config.js";
import { DiskFiles } from "../src/files/disk-files.js";
import { type FileParser, FileReadError } from "../src/files/files.js";
import { describeConfig, loadConfig } from "../src/service-config.js";
import { problemsOf } from "./config-problems.js";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ice-config-"));
  write("tokens.yaml", "tokens: []");
  write("turn.secret", "north-north-north-north\n");
  write("short.secret", "north\n");
  write("pseudonym.key", "west-west-west-west\n");
  write("jwt.secret", `${"j".repeat(32)}\r\n`);
  write("empty.secret", "\n");
  write("open.secret", "open-open-open-open", 0o644);
  write("binary.secret", Buffer.from([0xff, 0xfe]));
  symlinkSync(join(directory, "open.secret"), join(directory, "linked.secret"));
  mkdirSync(join(directory, "..1"));
  symlinkSync("..1", join(directory, "..data"));
  write("..data/mounted.secret", "open-open-open-open", 0o644);
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string | Buffer, mode = 0o600): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

/** Root can read files of any mode: one without permission is told by its name. */
class LockedFiles extends DiskFiles {
  override read(...args: Parameters<DiskFiles["read"]>) {
    refuseLocked(args[0]);
    return super.read(...args);
  }

  override parse<T>(file: string, parser: FileParser<T>): T {
    refuseLocked(file);
    return super.parse(file, parser);
  }
}

function refuseLocked(file: string): void {
  if (file.includes("locked")) {
    throw new FileReadError("permission denied", "EACCES");
  }
}

const listenWith = (file: string) => ({ tls: { certFile: file, keyFile: file } });
const auth = { connectorTokensFile: "tokens.yaml" };
const load = (content: object, env: LoadOptions["env"] = {}, dev?: LoadOptions["dev"]) =>
  loadConfig({
    file: write("ice.yaml", stringify({ auth, ...content })),
    env,
    files: new DiskFiles(),
    ...(dev && { dev }),
  });
const turnUrls = ["turn:turn.example.com"];
const issuer = { issuer: "https://i.example", audience: "ice" };
const introspection = {
  url: "https://i.example/introspect",
  clientId: "ice-service",
  clientSecretFile: "turn.secret",
};

describe("loadConfig", () => {
  it("has defaults for everything but authentication", () => {
    const { config, warnings } = load({});
    expect(warnings).toEqual([expect.stringMatching(/^no TURN server is configured/)]);
    expect(describeConfig(config)).toEqual({
      listen: {
        host: "0.0.0.0",
        port: 8080,
        maxConnections: 20000,
        proxyProtocolFrom: [],
        trustedProxies: [],
        clientAddressHeader: "x-forwarded-for",
      },
      admin: { host: "127.0.0.1", port: 9090 },
      cors: { allowedOrigins: ["*"] },
      auth: {
        queryToken: true,
        maxTokenBytes: 12_288,
        jwt: [],
        connectorTokensFile: join(directory, "tokens.yaml"),
      },
      ice: { stunUrls: ["stun:stun.l.google.com:19302"] },
      limits: { watches: 10_000, watchesPerCaller: 100, healthWatches: 1000 },
      reflection: true,
      diagnostics: false,
      log: { level: "info", format: "json", requests: "all", sample: 1 },
      shutdown: { delay: "1s", timeout: "10s" },
    });
  });

  it("reads how many watches there may be", () => {
    const { config } = load({ limits: { watches: 0, watchesPerCaller: 7, healthWatches: 3 } });
    expect(config.limits).toEqual({ watches: 0, watchesPerCaller: 7, healthWatches: 3 });
    const problems = problemsOf(() => load({ limits: { watches: -1, watchPerCaller: 7 } }));
    expect(problems.map(({ key }) => key)).toEqual(["limits.watches", "limits.watchPerCaller"]);
  });

  it("reads every variable, each winning over the file", () => {
    const { config } = load(
      { listen: { port: 1 }, ice: { turn: { ttl: "1h" } } },
      {
        ICE_HOST: "127.0.0.1",
        ICE_PORT: "0",
        ICE_TRUSTED_PROXIES: "10.0.0.0/8, ::1",
        ICE_CORS_ORIGINS: "https://a.example, https://b.example",
        ICE_STUN_URLS: "",
        ICE_TURN_URLS: "turn:a.example,turns:a.example",
        ICE_TURN_SECRET: "from-the-variable",
        ICE_TURN_TTL: "90m",
        ICE_TURN_IDENTITY: "subject",
        ICE_TURN_NAME: "gw",
        ICE_JWT_ISSUER: "https://i.example",
        ICE_JWT_AUDIENCE: "a,b",
        ICE_JWT_ALGORITHMS: "RS256,ES256",
        ICE_JWT_JWKS_URL: "https://i.example/jwks",
        ICE_CONNECTOR_TOKENS_FILE: "",
        ICE_LOG_LEVEL: "debug",
      },
    );
    expect(describeConfig(config)).toMatchObject({
      listen: { host: "127.0.0.1", port: 0, trustedProxies: ["10.0.0.0/8", "::1"] },
      cors: { allowedOrigins: ["https://a.example", "https://b.example"] },
      auth: {
        jwt: [
          {
            issuer: "https://i.example",
            audience: ["a", "b"],
            algorithms: ["RS256", "ES256"],
            jwksUrl: "https://i.example/jwks",
          },
        ],
        connectorTokensFile: join(directory, "tokens.yaml"),
      },
      ice: {
        stunUrls: [],
        turn: {
          urls: ["turn:a.example", "turns:a.example"],
          ttl: "90m",
          identity: "subject",
          name: "gw",
        },
      },
      log: { level: "debug" },
    });
    expect(config.ice.servers.regions[0].sharedSecret?.secrets[0].key.export().toString()).toBe(
      "from-the-variable",
    );
  });

  it("takes a secret file's content without its trailing newline", () => {
    const { config } = load({ ice: { turn: { urls: turnUrls, secretFiles: ["turn.secret"] } } });
    expect(config.ice.servers.regions[0].sharedSecret?.secrets[0].key.export().toString()).toBe(
      "north-north-north-north",
    );
  });

  it("reads limits, and shows no password of Redis", () => {
    write("redis-url.secret", "rediss://user:p%40ss@redis.example.com:6380/2\n");
    const limits = {
      caller: { requests: 600, window: "1m" },
      failedAuthentication: { requests: 30, window: "90s" },
    };
    const { config } = load({ limits: { ...limits, redis: { urlFile: "redis-url.secret" } } });
    expect(describeConfig(config)).toMatchObject({
      limits: {
        ...limits,
        redis: { urlFile: join(directory, "redis-url.secret"), keyPrefix: "ice-service:" },
      },
    });
    expect(config.limits.redis?.address).toBe("rediss://redis.example.com:6380/2");
    const open = load({ limits: { ...limits, redis: { url: "redis://a", keyPrefix: "x:" } } });
    expect(describeConfig(open.config)).toMatchObject({
      limits: { redis: { url: "redis://a", keyPrefix: "x:" } },
    });
  });

  it("reads where Sentinels are, and shows no password of theirs", () => {
    write("redis-url.secret", "rediss://user:p%40ss@Main.master/2\n");
    write("sentinel.secret", "sentinel-password");
    const sentinel = { username: "ice", passwordFile: "sentinel.secret" };
    const { config } = load({
      limits: {
        caller: { requests: 600, window: "1m" },
        redis: {
          urlFile: "redis-url.secret",
          sentinel: { ...sentinel, addresses: ["sentinel-1", "[2001:db8::1]:26380"] },
        },
      },
    });
    expect(config.limits.redis?.sentinel?.addresses).toEqual([
      { host: "sentinel-1", port: 26379 },
      { host: "2001:db8::1", port: 26380 },
    ]);
    expect(config.limits.redis?.address).toBe("rediss://Main.master/2");
    expect(describeConfig(config)).toMatchObject({
      limits: {
        redis: {
          sentinel: {
            addresses: ["sentinel-1:26379", "[2001:db8::1]:26380"],
            username: "ice",
            passwordFile: join(directory, "sentinel.secret"),
          },
        },
      },
    });
  });

  it("lets a short TTL bring the default of minTtl down", () => {
    const { config } = load({
      ice: { turn: { urls: turnUrls, secretFiles: ["turn.secret"], ttl: "5s" } },
    });
    expect(config.ice.servers.life.minTtlSeconds).toBe(5);
  });

  it.each<[name: string, content: object, env: Record<string, string>, key: string, text: RegExp]>([
    ["an unknown key", { listn: {} }, {}, "listn", /Did you mean listen\?/],
    [
      "an unknown inner key",
      { ice: { turn: { tll: "1h" } } },
      {},
      "ice.turn.tll",
      /Did you mean ttl\?/,
    ],
    ["a wrong type", { reflection: "yes" }, {}, "reflection", /"yes" is not true or false/],
    [
      "a bad port",
      { listen: { port: 70000 } },
      {},
      "listen.port",
      /70000 is out of range \(0 to 65535\)/,
    ],
    ["a bad port in a variable", {}, { ICE_PORT: "http" }, "ICE_PORT", /./],
    [
      "a bare number as duration",
      { ice: { turn: { ttl: 3600 } } },
      {},
      "ice.turn.ttl",
      /Write 3600s/,
    ],
    [
      "a bad duration in a variable",
      {},
      { ICE_TURN_TTL: "1 day" },
      "ICE_TURN_TTL",
      /not a duration/,
    ],
    [
      "minTtl over ttl",
      { ice: { turn: { ttl: "1m", minTtl: "2m" } } },
      {},
      "ice.turn.minTtl",
      /between/,
    ],
    ["a bad URL", { ice: { stunUrls: ["stun://a"] } }, {}, "ice.stunUrls[0]", /Write stun:a/],
    ["a bad URL in a variable", {}, { ICE_TURN_URLS: "turn:a?x=y" }, "ICE_TURN_URLS", /transport/],
    [
      "a TURN URL among STUN",
      { ice: { stunUrls: turnUrls } },
      {},
      "ice.stunUrls[0]",
      /ice\.turn\.urls/,
    ],
    ["a URL twice", { ice: { stunUrls: ["stun:a", "stun:a"] } }, {}, "ice.stunUrls[1]", /twice/],
    [
      "TURN without a secret",
      { ice: { turn: { urls: turnUrls } } },
      {},
      "ice.turn.secretFiles",
      /ice-service secret new/,
    ],
    [
      "a missing secret",
      { ice: { turn: { secretFiles: ["no"] } } },
      {},
      "ice.turn.secretFiles[0]",
      /ENOENT/,
    ],
    [
      "an empty secret",
      { ice: { turn: { secretFiles: ["empty.secret"] } } },
      {},
      "ice.turn.secretFiles[0]",
      /empty/,
    ],
    [
      "an open secret",
      { ice: { turn: { secretFiles: ["open.secret"] } } },
      {},
      "ice.turn.secretFiles[0]",
      /chmod o-r/,
    ],
    [
      "a link to an open secret",
      { ice: { turn: { secretFiles: ["linked.secret"] } } },
      {},
      "ice.turn.secretFiles[0]",
      /chmod o-r .*\/run\/secrets/,
    ],
    [
      "a binary secret",
      { ice: { turn: { secretFiles: ["binary.secret"] } } },
      {},
      "ice.turn.secretFiles[0]",
      /UTF-16/,
    ],
    [
      "two ways to a secret",
      {},
      { ICE_TURN_SECRET: "a", ICE_TURN_SECRET_FILE: "b" },
      "ICE_TURN_SECRET_FILE",
      /one of the two/,
    ],
    ["a bad name", { ice: { turn: { name: "a b" } } }, {}, "ice.turn.name", /white space/],
    [
      "a missing key for pseudonyms",
      { ice: { turn: { identity: "pseudonym", pseudonymKeyFile: "no" } } },
      {},
      "ice.turn.pseudonymKeyFile",
      /no/,
    ],
    [
      "pseudonyms with neither a key nor a secret",
      {
        ice: {
          turn: { identity: "pseudonym", managed: [{ provider: "http", url: "https://a.test/" }] },
        },
      },
      {},
      "ice.turn.pseudonymKeyFile",
      /is missing/,
    ],
    [
      "a bad identity",
      { ice: { turn: { identity: "statik" } } },
      {},
      "ice.turn.identity",
      /Did you mean static\?|Use one of/,
    ],
    [
      "* beside an origin",
      { cors: { allowedOrigins: ["*", "https://a"] } },
      {},
      "cors.allowedOrigins",
      /alone/,
    ],
    [
      "an origin with a path",
      { cors: { allowedOrigins: ["https://a/"] } },
      {},
      "cors.allowedOrigins[0]",
      /Write https:\/\/a$/,
    ],
    ["no authentication", { auth: {} }, {}, "auth", /--dev/],
    ["an empty list of issuers", { auth: { jwt: [] } }, {}, "auth", /--dev/],
    ["a JWT issuer without keys", { auth: { jwt: [issuer] } }, {}, "auth.jwt[0]", /exactly one of/],
    [
      "two key sources",
      { auth: { jwt: [{ ...issuer, jwksFile: "a", jwksUrl: "https://b" }] } },
      {},
      "auth.jwt[0]",
      /jwksUrl, jwksFile/,
    ],
    [
      "an issuer as a provider's documents write it",
      {
        auth: {
          jwt: [
            {
              ...issuer,
              issuer: "https://login.microsoftonline.com/{tenantid}/v2.0",
              jwksUrl: "https://login.microsoftonline.com/common/discovery/v2.0/keys",
            },
          ],
        },
      },
      {},
      "auth.jwt[0].issuer",
      /placeholder "\{tenantid\}".*the tenant's ID/,
    ],
    [
      "an issuer with a placeholder in a variable",
      {},
      {
        ICE_JWT_ISSUER: "https://<tenant>.example.com/",
        ICE_JWT_AUDIENCE: "ice",
        ICE_JWT_JWKS_FILE: "b",
      },
      "ICE_JWT_ISSUER",
      /placeholder "<tenant>"/,
    ],
    [
      "no audience",
      { auth: { jwt: [{ issuer: "a", jwksFile: "b" }] } },
      {},
      "auth.jwt[0].audience",
      /./,
    ],
    [
      "alg none",
      { auth: { jwt: [{ ...issuer, jwksFile: "b", algorithms: ["none"] }] } },
      {},
      "auth.jwt[0].algorithms[0]",
      /Use one of/,
    ],
    [
      "HMAC with a public key",
      { auth: { jwt: [{ ...issuer, jwksFile: "b", algorithms: ["HS256"] }] } },
      {},
      "auth.jwt[0].algorithms",
      /HMAC/,
    ],
    [
      "a public-key algorithm with a secret",
      { auth: { jwt: [{ ...issuer, secretFile: "jwt.secret", algorithms: ["RS256"] }] } },
      {},
      "auth.jwt[0].algorithms",
      /HS256/,
    ],
    [
      "a short HMAC secret",
      { auth: { jwt: [{ ...issuer, secretFile: "short.secret" }] } },
      {},
      "auth.jwt[0].secretFile",
      /RFC 7518/,
    ],
    [
      "a JWKS URL in the clear",
      { auth: { jwt: [{ ...issuer, jwksUrl: "http://i.example" }] } },
      {},
      "auth.jwt[0].jwksUrl",
      /https/,
    ],
    [
      "discovery beside a URL",
      { auth: { jwt: [{ ...issuer, jwksUrl: "https://i.example/keys", discovery: true }] } },
      {},
      "auth.jwt[0]",
      /names keys more than once: jwksUrl, discovery/,
    ],
    [
      "discovery of an issuer that is no URL",
      { auth: { jwt: [{ ...issuer, issuer: "accounts", discovery: true }] } },
      {},
      "auth.jwt[0].issuer",
      /is not a URL without query and fragment/,
    ],
    [
      "discovery of an issuer in the clear",
      { auth: { jwt: [{ ...issuer, issuer: "http://i.example", discovery: true }] } },
      {},
      "auth.jwt[0].issuer",
      /is not an https: URL/,
    ],
    [
      "discovery of an HMAC key",
      { auth: { jwt: [{ ...issuer, discovery: true, algorithms: ["HS256"] }] } },
      {},
      "auth.jwt[0].algorithms",
      /HMAC/,
    ],
    [
      "a token for a fetch that is not made",
      { auth: { jwt: [{ ...issuer, secretFile: "jwt.secret", fetchTokenFile: "turn.secret" }] } },
      {},
      "auth.jwt[0].fetchTokenFile",
      /has no effect without jwksUrl or discovery/,
    ],
    [
      "authorities without a certificate",
      { auth: { jwt: [{ ...issuer, discovery: true, caFile: "turn.secret" }] } },
      {},
      "auth.jwt[0].caFile",
      /has no certificate/,
    ],
    [
      "introspection without a purpose",
      { auth: { introspection } },
      {},
      "auth.introspection",
      /neither audience nor requiredScope/,
    ],
    [
      "introspection in the clear",
      { auth: { introspection: { ...introspection, audience: "ice", url: "http://i.example" } } },
      {},
      "auth.introspection.url",
      /Use https:; it receives tokens/,
    ],
    [
      "introspection with two scopes for one",
      { auth: { introspection: { ...introspection, requiredScope: "ice:read openid" } } },
      {},
      "auth.introspection.requiredScope",
      /is not one OAuth scope/,
    ],
    [
      "introspection that is remembered for a day",
      { auth: { introspection: { ...introspection, audience: "ice", cacheFor: "24h" } } },
      {},
      "auth.introspection.cacheFor",
      /between 0s and 1h/,
    ],
    [
      "a secret for introspection that everybody may read",
      {
        auth: {
          introspection: { ...introspection, audience: "ice", clientSecretFile: "open.secret" },
        },
      },
      {},
      "auth.introspection.clientSecretFile",
      /every user of this machine can read/,
    ],
    [
      "a limit of nothing",
      { limits: { caller: { requests: 0, window: "60s" } } },
      {},
      "limits.caller.requests",
      /0 is out of range \(1 to 1000000\)/,
    ],
    [
      "a limit without window",
      { limits: { caller: { requests: 1 } } },
      {},
      "limits.caller.window",
      /./,
    ],
    [
      "a window of more than a day",
      { limits: { failedAuthentication: { requests: 1, window: "25h" } } },
      {},
      "limits.failedAuthentication.window",
      /between 1s and 24h/,
    ],
    ["Redis without URL", { limits: { redis: {} } }, {}, "limits.redis", /either url or urlFile/],
    [
      "Redis with two URLs",
      { limits: { redis: { url: "redis://a", urlFile: "turn.secret" } } },
      {},
      "limits.redis",
      /either/,
    ],
    [
      "a password that everybody may read",
      { limits: { redis: { url: "redis://:hunter2@a" } } },
      {},
      "limits.redis.url",
      /urlFile/,
    ],
    [
      "a port of Redis that Sentinel finds out",
      { limits: { redis: { url: "redis://m:1", sentinel: { addresses: ["a"] } } } },
      {},
      "limits.redis.url",
      /has a port, although Sentinel reports the port of the master/,
    ],
    [
      "no Sentinel",
      { limits: { redis: { url: "redis://m", sentinel: { addresses: [] } } } },
      {},
      "limits.redis.sentinel.addresses",
      /is empty/,
    ],
    [
      "a Sentinel by its URL",
      { limits: { redis: { url: "redis://m", sentinel: { addresses: ["redis://a"] } } } },
      {},
      "limits.redis.sentinel.addresses[0]",
      /not a host and a port/,
    ],
    [
      "a Sentinel's password that everybody may read",
      { limits: { redis: { url: "redis://m", sentinel: { addresses: ["u:hunter2@a:1"] } } } },
      {},
      "limits.redis.sentinel.addresses[0]",
      /not a host and a port/,
    ],
    [
      "a Sentinel's address without brackets",
      { limits: { redis: { url: "redis://m", sentinel: { addresses: ["2001:db8::1"] } } } },
      {},
      "limits.redis.sentinel.addresses[0]",
      /Put the address in brackets/,
    ],
    [
      "a user of Sentinel without a password",
      {
        limits: { redis: { url: "redis://m", sentinel: { addresses: ["a"], username: "ice" } } },
      },
      {},
      "limits.redis.sentinel.username",
      /no effect without passwordFile/,
    ],
    [
      "an authority of Redis that is none",
      { limits: { redis: { url: "rediss://a", caFile: "turn.secret" } } },
      {},
      "limits.redis.caFile",
      /has no certificate/,
    ],
    [
      "Redis by another protocol",
      { limits: { redis: { url: "http://a" } } },
      {},
      "limits.redis.url",
      /redis:/,
    ],
    [
      "a Redis URL with options",
      { limits: { redis: { url: "redis://a/1?family=6" } } },
      {},
      "limits.redis.url",
      /after the host/,
    ],
    [
      "a file without Redis URL",
      { limits: { redis: { urlFile: "turn.secret" } } },
      {},
      "limits.redis.urlFile",
      /is not a redis:/,
    ],
    // livekit#4476: an IPv6 address without brackets, everywhere that takes a URL or a host and a port.
    ...(
      [
        ["ice.stunUrls[0]", { ice: { stunUrls: ["stun:2001:db8::ab:3478"] } }],
        ["ice.turn.urls[0]", { ice: { turn: { urls: ["turn:2001:db8::ab:3478"] } } }],
        ["limits.redis.url", { limits: { redis: { url: "redis://2001:db8::ab:3478/0" } } }],
        [
          "auth.jwt[0].jwksUrl",
          { auth: { jwt: [{ ...issuer, jwksUrl: "https://2001:db8::ab:3478/jwks" }] } },
        ],
        ["cors.allowedOrigins[0]", { cors: { allowedOrigins: ["https://2001:db8::ab:3478"] } }],
      ] as const
    ).map(([key, content]): [string, object, Record<string, string>, string, RegExp] => [
      `an address without brackets in ${key}`,
      content,
      {},
      key,
      /without brackets.*: \[2001:db8::ab\]:3478, or \[2001:db8::ab:3478\]$/,
    ]),
    [
      "a host in brackets",
      { listen: { host: "[::1]" } },
      {},
      "listen.host",
      /brackets.*Write ::1$/,
    ],
    ["a host with a port", {}, { ICE_HOST: "[::1]:80" }, "ICE_HOST", /has a port.*Write ::1$/],
    ["a name with a port", { admin: { host: "a:80" } }, {}, "admin.host", /has a port.*Write a$/],
    ["a URL as host", { listen: { host: "http://a" } }, {}, "listen.host", /not an address/],
    [
      "a proxy in brackets",
      { listen: { trustedProxies: ["[fd00::]/8"] } },
      {},
      "listen.trustedProxies[0]",
      /Write fd00::\/8$/,
    ],
    [
      "a proxy that is no address",
      { listen: { trustedProxies: ["10.0.0.0/8", "proxy.example.com"] } },
      {},
      "listen.trustedProxies[1]",
      /10\.0\.0\.0\/8/,
    ],
    [
      "a connection age of nothing",
      { listen: { maxConnectionAge: "0s" } },
      {},
      "listen.maxConnectionAge",
      /from 1s to 30d/,
    ],
    [
      "a balancer that is no address",
      { listen: { proxyProtocolFrom: ["balancer.example.com"] } },
      {},
      "listen.proxyProtocolFrom[0]",
      /10\.0\.0\.0\/8/,
    ],
    [
      "another header for the client address",
      { listen: { clientAddressHeader: "forwarded-for" } },
      {},
      "listen.clientAddressHeader",
      /Did you mean x-forwarded-for/,
    ],
    [
      "a certificate without key",
      { listen: { tls: { certFile: "a" } } },
      {},
      "listen.tls.keyFile",
      /missing/,
    ],
  ])("refuses %s", (_, content, env, key, text) => {
    const problems = problemsOf(() => load(content, env));
    expect(problems.map((problem) => problem.key)).toContain(key);
    const problem = problems.find((found) => found.key === key);
    expect(`${problem?.problem}. ${problem?.fix}`).toMatch(text);
  });

  it("tells every problem at once", () => {
    const problems = problemsOf(() => load({ ice: { stunUrls: ["x", "y"] }, auth: {} }));
    expect(problems).toHaveLength(3);
  });

  it("never shows a secret in a problem", () => {
    const problems = problemsOf(() =>
      load({ reflection: 1 }, { ICE_TURN_SECRET: "hunter2hunter2" }),
    );
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  it.each<[what: string, name: string, fix: RegExp]>([
    ["is not there", "no.yaml", /^Give the path of a YAML file/],
    ["is below a file", "ice.yaml/no.yaml", /^Give the path of a YAML file/],
    ["is a directory", ".", /^Give the path of a YAML file/],
    ["may not be read", "locked.yaml", /^Let this process's user read the file/],
  ])("says what to do about a configuration file that %s", (_, name, fix) => {
    const options = { file: join(directory, name), env: {}, files: new LockedFiles() };
    expect(problemsOf(() => loadConfig(options))).toEqual([
      expect.objectContaining({ key: join(directory, name), fix: expect.stringMatching(fix) }),
    ]);
  });

  it.each<[what: string, name: string, fix: RegExp]>([
    ["is not there", "no", /^Correct the name, or create the file$/],
    ["is below a file", "turn.secret/no", /^Correct the name$/],
    ["is a directory", ".", /^Name a regular file$/],
    ["may not be read", "locked.secret", /^Let this process's user read the file/],
  ])("says what to do about a file of a key that %s", (_, name, fix) => {
    const turn = { urls: turnUrls, secretFiles: [name], pseudonymKeyFile: name };
    const file = write("ice.yaml", stringify({ auth, ice: { turn }, listen: listenWith(name) }));
    const problems = problemsOf(() => loadConfig({ file, env: {}, files: new LockedFiles() }));
    expect(problems).toHaveLength(4);
    expect(problems.map((problem) => problem.fix)).toEqual(
      problems.map(() => expect.stringMatching(fix)),
    );
  });

  it("says where YAML is broken", () => {
    const file = write("broken.yaml", "listen:\n  port: [1\n");
    expect(problemsOf(() => loadConfig({ file, env: {}, files: new DiskFiles() }))[0]?.key).toMatch(
      /broken\.yaml:\d+:\d+$/,
    );
  });

  it.each<[string, object, Record<string, string>, RegExp]>([
    [
      "more than four URLs",
      { ice: { stunUrls: ["stun:a", "stun:b", "stun:c", "stun:d", "stun:e"] } },
      {},
      /from 5/,
    ],
    [
      "a secret without TURN URLs",
      { ice: { turn: { secretFiles: ["turn.secret"] } } },
      {},
      /no TURN URL/,
    ],
    [
      "a secret of Kubernetes that everybody may read",
      { ice: { turn: { urls: turnUrls, secretFiles: ["..data/mounted.secret"] } } },
      {},
      /every user/,
    ],
    ["an unknown variable", {}, { ICE_TURN_URL: "x" }, /ICE_TURN_URLS/],
    ["no TURN server", {}, {}, /no TURN server is configured/],
    ["an empty list", { ice: { stunUrls: [] } }, {}, /every answer will be empty.*mobile clients/],
    ["a query without tokens", { auth: { ...auth, queryToken: false } }, {}, /mobile clients send/],
    [
      "a name that pion cuts",
      { ice: { turn: { urls: turnUrls, secretFiles: ["turn.secret"], name: "a:b" } } },
      {},
      /ice\.turn\.name contains a colon: pion/,
    ],
    [
      "variables beside an issuer of the file",
      { auth: { ...auth, jwt: [{ ...issuer, jwksFile: "a" }] } },
      { ICE_JWT_ISSUER: "https://b", ICE_JWT_AUDIENCE: "b", ICE_JWT_JWKS_FILE: "b" },
      /^ICE_JWT_ISSUER, ICE_JWT_AUDIENCE, ICE_JWT_JWKS_FILE make the only .* \(1 entry\) is not used/,
    ],
    ["Redis without limits", { limits: { redis: { url: "redis://a" } } }, {}, /not used/],
    [
      "proxies that are everybody",
      { listen: { trustedProxies: ["::/0"] } },
      {},
      /forge its address/,
    ],
    [
      "a sample of requests that are not logged",
      { log: { requests: "errors", sample: 0.5 } },
      {},
      /log\.sample is ignored/,
    ],
    [
      "balancers that are everybody",
      { listen: { proxyProtocolFrom: ["0.0.0.0/0"] } },
      {},
      /proxyProtocolFrom contains 0\.0\.0\.0\/0: every client can forge its address/,
    ],
    [
      "a short TURN secret",
      { ice: { turn: { urls: turnUrls, secretFiles: ["short.secret"] } } },
      {},
      /shorter than 16/,
    ],
    [
      "a short key for pseudonyms",
      { ice: { turn: { identity: "pseudonym", pseudonymKeyFile: "short.secret" } } },
      {},
      /pseudonym key is shorter than 16/,
    ],
    [
      "a key for pseudonyms that nobody has",
      { ice: { turn: { pseudonymKeyFile: "pseudonym.key" } } },
      {},
      /pseudonymKeyFile is not used/,
    ],
  ])("warns of %s", (_, content, env, text) => {
    expect(load(content, env).warnings.join("\n")).toMatch(text);
  });

  it("reads the key of pseudonyms, and shows its file", () => {
    const urls = turnUrls;
    const turn = { urls, secretFiles: ["turn.secret"], identity: "pseudonym" };
    const nameOf = (changes: object) => {
      const { config } = load({ ice: { turn: { ...turn, ...changes } } });
      const grant = config.ice.servers.regions[0].turn?.issue(
        { kind: "connector", issuer: "", subject: "a" },
        1,
      );
      return grant instanceof Promise ? undefined : grant?.entries[0].username;
    };
    const pseudonymKeyFile = "pseudonym.key";
    expect(nameOf({ pseudonymKeyFile })).not.toBe(nameOf({}));
    expect(nameOf({ pseudonymKeyFile, secretFiles: ["short.secret"] })).toBe(
      nameOf({ pseudonymKeyFile }),
    );
    const { config } = load({ ice: { turn: { ...turn, pseudonymKeyFile } } });
    expect(describeConfig(config)).toMatchObject({
      ice: { turn: { pseudonymKeyFile: join(directory, pseudonymKeyFile) } },
    });
  });

  it.each([
    [
      "that Kubernetes sets for a Service named ice-service",
      { ICE_SERVICE_SERVICE_HOST: "10.0.0.1", ICE_SERVICE_PORT: "x" },
    ],
    ["that the examples use", { ICE_URL: "http://127.0.0.1:8080" }],
  ])("does not warn of the variables %s", (_, env) => {
    const content = { ice: { turn: { urls: turnUrls, secretFiles: ["turn.secret"] } } };
    expect(load(content, env).warnings).toEqual([]);
  });

  it("needs nothing in development, but stays on loopback", () => {
    const dev = { secret: createSecretKey("made-for-this-run", "utf8") };
    const { config } = loadConfig({ env: {}, files: new DiskFiles(), dev });
    expect(config.listen.host).toBe("127.0.0.1");
    expect(config.ice.servers.regions[0].sharedSecret?.secrets[0].key).toBe(dev.secret);
    const [problem] = problemsOf(() =>
      loadConfig({ env: { ICE_HOST: "0.0.0.0" }, files: new DiskFiles(), dev }),
    );
    expect(problem?.key).toBe("ICE_HOST");
  });
});
