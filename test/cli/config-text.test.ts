import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { describeConfigFile, printConfigFile } from "../../src/cli/config-text.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import { type Config, describeConfig, loadConfig } from "../../src/service-config.js";

let directory: string;
let elsewhere: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ice-config-text-"));
  elsewhere = join(directory, "elsewhere");
  mkdirSync(elsewhere);
  for (const name of ["turn", "old", "eu", "us", "jwt", "pseudonym", "introspection"]) {
    write(`${name}.secret`, `${name}-0123456789abcdef0123456789abcdef\n`);
  }
  write("redis-url.secret", "rediss://user:hunter2@redis.example.com:6380/2\n");
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  write("public.pem", publicKey.export({ type: "spki", format: "pem" }).toString());
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string, folder = directory): string {
  const file = join(folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

const load = (file: string | undefined, env: Record<string, string>) =>
  loadConfig({ ...(file !== undefined && { file }), env, files: new DiskFiles() });

/** What callers get of each region at one moment. */
const effectOf = ({ ice, admin, auth }: Config) => ({
  regions: ice.servers.regions.map(({ name, stunUrls, turn, spread }) => ({
    name,
    stunUrls,
    spread,
    grant: turn?.issue({ kind: "connector", issuer: "", subject: "a" }, 1_800_000_000),
  })),
  life: ice.servers.life,
  defaultRegion: ice.servers.defaultRegion,
  admin,
  keys: auth.jwt.map(({ keys }) => (keys.kind === "secret" ? keys.secret.export() : keys)),
});

const auth = { connectorTokensFile: "tokens.yaml" };
const urls = ["turn:turn.example.com", "turns:turn.example.com:443?transport=tcp"];
const issuer = { issuer: "https://i.example", audience: "ice" };
const variables = {
  ICE_HOST: "::1",
  ICE_PORT: "0",
  ICE_STUN_URLS: "",
  ICE_TURN_URLS: urls.join(", "),
  ICE_TURN_SECRET: "from-the-variable",
  ICE_TURN_TTL: "90m",
  ICE_TURN_IDENTITY: "subject",
  ICE_TURN_NAME: "gw",
  ICE_JWT_ISSUER: "https://i.example",
  ICE_JWT_AUDIENCE: "a,b",
  ICE_JWT_JWKS_URL: "https://i.example/jwks",
  ICE_LOG_LEVEL: "debug",
};
const regions = {
  eu: {
    urls: [{ url: "turn:eu.example", weight: 2 }, "turn:eu2.example"],
    secretFiles: ["eu.secret"],
  },
  us: { urls: ["turn:us.example"], stunUrls: [], name: "gw-us" },
};

const cases: [what: string, content: object | undefined, env?: Record<string, string>][] = [
  ["the least", { auth }],
  ["a port that admin has by default", { auth, listen: { port: 9090 } }],
  ["no admin", { auth, admin: false }],
  ["another admin", { auth, admin: { port: 0 } }],
  [
    "TURN with files",
    { auth, ice: { turn: { urls, secretFiles: ["turn.secret", "old.secret"] } } },
  ],
  [
    "TURN with a variable",
    { auth, ice: { turn: { urls } } },
    { ICE_TURN_SECRET: "north-north-north" },
  ],
  [
    "a variable over a file",
    { auth, ice: { turn: { urls, secretFiles: ["turn.secret"] } } },
    { ICE_TURN_SECRET: "north-north-north" },
  ],
  ["a secret without TURN", { auth }, { ICE_TURN_SECRET: "north-north-north" }],
  ["variables only", undefined, variables],
  ["variables over a file", { auth, ice: { turn: { urls: ["turn:f"], ttl: "1h" } } }, variables],
  [
    "files in variables",
    undefined,
    {
      ICE_CONNECTOR_TOKENS_FILE: "tokens.yaml",
      ICE_TURN_URLS: "turn:a",
      ICE_TURN_SECRET_FILE: "TURN_SECRET",
    },
  ],
  ["no STUN", { auth, ice: { stunUrls: [] } }],
  [
    "regions with files",
    {
      auth,
      ice: {
        turn: {
          regions: { ...regions, us: { ...regions.us, secretFiles: ["us.secret"] } },
          defaultRegion: "eu",
          serversPerAnswer: 1,
        },
      },
    },
  ],
  [
    "regions, some with the variable",
    { auth, ice: { turn: { regions, defaultRegion: "us" } } },
    { ICE_TURN_SECRET: "north-north-north" },
  ],
  [
    "regions by country",
    {
      auth,
      ice: {
        turn: {
          secretFiles: ["turn.secret"],
          regions,
          defaultRegion: "us",
          regionFrom: { header: "CF-IPCountry", map: { de: "eu" }, continents: { eu: "eu" } },
        },
      },
      listen: { trustedProxies: ["::1"] },
    },
  ],
  [
    "pseudonyms",
    {
      auth,
      ice: {
        turn: {
          urls,
          secretFiles: ["turn.secret"],
          identity: "pseudonym",
          pseudonymKeyFile: "pseudonym.secret",
        },
      },
    },
  ],
  [
    "probes",
    { auth, ice: { turn: { urls, secretFiles: ["turn.secret"], probe: { interval: "3s" } } } },
  ],
  ["a short ttl", { auth, ice: { turn: { urls, secretFiles: ["turn.secret"], ttl: "5s" } } }],
  [
    "every kind of key",
    {
      auth: {
        jwt: [
          { ...issuer, jwksUrl: "https://i.example/jwks", clockTolerance: "0s" },
          { ...issuer, issuer: "b", jwksFile: "keys.json", algorithms: ["RS256", "EdDSA"] },
          { ...issuer, issuer: "c", publicKeyFile: "public.pem" },
          { ...issuer, issuer: "d", secretFile: "jwt.secret", audience: ["x", "y"] },
        ],
      },
    },
  ],
  [
    "introspection",
    {
      auth: {
        ...auth,
        introspection: {
          url: "https://i.example/introspect",
          clientId: "ice",
          clientSecretFile: "introspection.secret",
          audience: "ice",
        },
      },
    },
  ],
  ["a deny list", { auth: { ...auth, queryToken: false, denyListFile: "deny.yaml" } }],
  [
    "TLS",
    {
      auth,
      listen: {
        tls: { certFile: "public.pem", keyFile: "public.pem", clientCaFile: "public.pem" },
      },
    },
  ],
  [
    "Redis in a file",
    {
      auth,
      limits: { caller: { requests: 2, window: "60s" }, redis: { urlFile: "redis-url.secret" } },
    },
  ],
  [
    "Redis",
    {
      auth,
      limits: {
        failedAuthentication: { requests: 2, window: "1m" },
        redis: { url: "redis://a", keyPrefix: "x:" },
      },
    },
  ],
  [
    "origins",
    { auth, cors: { allowedOrigins: ["capacitor://localhost", "https://*.example.com"] } },
  ],
  [
    "other things",
    {
      auth,
      reflection: false,
      diagnostics: true,
      log: { level: "warn", format: "pretty" },
      shutdown: { delay: "0s" },
    },
  ],
  [
    "text that YAML could take for something else",
    {
      auth: {
        jwt: [
          { issuer: "1e3", audience: ["null", "yes", "0x1", "# a", "a: b", "é"], jwksFile: "~" },
        ],
      },
    },
  ],
];

describe("printConfigFile", () => {
  it("hides the query of a URL, which may hold a key", () => {
    const jwt = [{ ...issuer, jwksUrl: "https://i.example/jwks?key=hunter2" }];
    const { config } = load(write("ice.yaml", stringify({ auth: { jwt } })), {});
    expect(printConfigFile(config)).toContain("jwksUrl: https://i.example/jwks?<hidden>");
  });

  it.each(cases)("prints a file of the same effect: %s", (_, content, given = {}) => {
    const env = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name,
        value === "TURN_SECRET" ? join(directory, "turn.secret") : value,
      ]),
    );
    const file = content && write("ice.yaml", stringify(content));
    const { config } = load(file, env);
    const text = printConfigFile(config);
    const { ICE_TURN_SECRET: secret } = env;
    const again = load(
      write("again.yaml", text, elsewhere),
      secret === undefined ? {} : { ICE_TURN_SECRET: secret },
    );
    expect(printConfigFile(again.config)).toBe(text);
    expect(describeConfig(again.config)).toEqual(describeConfig(config));
    expect(effectOf(again.config)).toEqual(effectOf(config));
    expect(parse(text)).toEqual(describeConfigFile(config));
    expect(text).not.toMatch(/north|from-the-variable|hunter2|0123456789abcdef|hidden/);
  });

  it("names the variable of a secret that is not shown, in the section where it is missing", () => {
    const { config } = load(write("ice.yaml", stringify({ auth, ice: { turn: { urls } } })), {
      ICE_TURN_SECRET: "north-north-north",
    });
    expect(printConfigFile(config)).toMatch(
      /^ {2}turn:\n {4}# secretFiles: the secret is in the variable ICE_TURN_SECRET, and is not shown\.\n/m,
    );
  });

  it("says where metrics are, where nobody has configured it", () => {
    const { config } = load(write("ice.yaml", stringify({ auth })), {});
    expect(printConfigFile(config)).toMatch(
      /^# admin is not configured: metrics are served at 127\.0\.0\.1:9090, unless the port is in/,
    );
  });
});
