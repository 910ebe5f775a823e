import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { parseConnectorTokens } from "../../src/authentication/connector/connector-tokens-file.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import { type Config, loadConfig } from "../../src/service-config.js";
import { problemsOf } from "../config-problems.js";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ice-values-"));
  mkdirSync(join(directory, "empty"));
  write("tokens.yaml", "tokens: []");
  write("turn.secret", "the-secret-of-the-turn-server\n");
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string): string {
  const file = join(directory, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

const auth = { connectorTokensFile: "tokens.yaml" };
const jwksFile = "keys.json";
const turn = { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] };

/** What the service is given: the configuration file, and the variables. */
type Given = readonly [content: object, env?: Readonly<Record<string, string>>];

function load([content, env = {}]: Given): Config {
  const file = write("ice.yaml", stringify({ auth, ...content }));
  return loadConfig({ file, env, files: new DiskFiles() }).config;
}

interface Source {
  readonly key: string;
  readonly good: string;
  give(value: string): Given;
  read(config: Config): unknown;
}

const firstSecret = ({ ice }: Config) =>
  ice.servers.regions[0].sharedSecret?.secrets[0].key.export().toString();
const firstIssuer = ({ auth }: Config) => auth.jwt[0];
const jwt = (changes: object) => ({
  auth: { jwt: [{ issuer: "https://i.example", audience: ["ice"], jwksFile, ...changes }] },
});
const jwtVariables = {
  ICE_JWT_ISSUER: "https://i.example",
  ICE_JWT_AUDIENCE: "ice",
  ICE_JWT_JWKS_FILE: jwksFile,
};

/** Files with a secret, and the variable: one final line break is not part of it. */
const secrets: Record<string, Source> = {
  "a TURN secret file": {
    key: "ice.turn.secretFiles[0]",
    good: "north-north-north-north",
    give: (value) => {
      write("value", value);
      return [{ ice: { turn: { ...turn, secretFiles: ["value"] } } }];
    },
    read: firstSecret,
  },
  ICE_TURN_SECRET: {
    key: "ICE_TURN_SECRET",
    good: "north-north-north-north",
    give: (value) => [{ ice: { turn: { urls: turn.urls } } }, { ICE_TURN_SECRET: value }],
    read: firstSecret,
  },
  "a file of ICE_TURN_SECRET_FILE": {
    key: "ICE_TURN_SECRET_FILE",
    good: "north-north-north-north",
    give: (value) => [
      { ice: { turn: { urls: turn.urls } } },
      { ICE_TURN_SECRET_FILE: write("value", value) },
    ],
    read: firstSecret,
  },
  "the secret of a region": {
    key: "ice.turn.regions.eu.secretFiles[0]",
    good: "north-north-north-north",
    give: (value) => {
      write("value", value);
      const eu = { urls: turn.urls, secretFiles: ["value"] };
      return [{ ice: { turn: { regions: { eu }, defaultRegion: "eu" } } }];
    },
    read: firstSecret,
  },
  "an HS256 secret file": {
    key: "auth.jwt[0].secretFile",
    good: "j".repeat(32),
    give: (value) => {
      write("value", value);
      return [jwt({ jwksFile: undefined, secretFile: "value" })];
    },
    read: (config) => {
      const keys = firstIssuer(config)?.keys;
      return keys?.kind === "secret" ? keys.secret.export().toString() : undefined;
    },
  },
  "the key of pseudonyms": {
    key: "ice.turn.pseudonymKeyFile",
    good: "west-west-west-west",
    give: (value) => {
      write("value", value);
      return [{ ice: { turn: { ...turn, identity: "pseudonym", pseudonymKeyFile: "value" } } }];
    },
    read: ({ ice }) => ice.turn?.pseudonymKeyFile?.key.export().toString(),
  },
  "the file of a Redis URL": {
    key: "limits.redis.urlFile",
    good: "redis://:hunter2@redis.example.com:6379",
    give: (value) => {
      write("value", value);
      return [{ limits: { redis: { urlFile: "value" } } }];
    },
    read: ({ limits }) => limits.redis?.location.export().toString(),
  },
};

const texts: Record<string, Source> = {
  "auth.jwt[0].issuer": {
    key: "auth.jwt[0].issuer",
    good: "https://i.example",
    give: (issuer) => [jwt({ issuer })],
    read: (config) => firstIssuer(config)?.issuer,
  },
  ICE_JWT_ISSUER: {
    key: "ICE_JWT_ISSUER",
    good: "https://i.example",
    give: (value) => [{}, { ...jwtVariables, ICE_JWT_ISSUER: value }],
    read: (config) => firstIssuer(config)?.issuer,
  },
  "an audience": {
    key: "auth.jwt[0].audience",
    good: "ice",
    give: (audience) => [jwt({ audience })],
    read: (config) => firstIssuer(config)?.audience[0],
  },
  "one of several audiences": {
    key: "auth.jwt[0].audience[1]",
    good: "ice",
    give: (audience) => [jwt({ audience: ["web", audience] })],
    read: (config) => firstIssuer(config)?.audience[1],
  },
  ICE_JWT_AUDIENCE: {
    key: "ICE_JWT_AUDIENCE",
    good: "ice",
    give: (value) => [{}, { ...jwtVariables, ICE_JWT_AUDIENCE: value }],
    read: (config) => firstIssuer(config)?.audience[0],
  },
  "ice.turn.name": {
    key: "ice.turn.name",
    good: "gateway",
    give: (name) => [{ ice: { turn: { ...turn, name } } }],
    read: ({ ice }) => ice.turn?.name,
  },
  ICE_TURN_NAME: {
    key: "ICE_TURN_NAME",
    good: "gateway",
    give: (value) => [{ ice: { turn } }, { ICE_TURN_NAME: value }],
    read: ({ ice }) => ice.turn?.name,
  },
  "a Redis URL": {
    key: "limits.redis.url",
    good: "redis://redis.example.com",
    give: (url) => [{ limits: { redis: { url } } }],
    read: ({ limits }) => limits.redis?.url,
  },
  "the prefix of keys in Redis": {
    key: "limits.redis.keyPrefix",
    good: "ice:",
    give: (keyPrefix) => [{ limits: { redis: { url: "redis://a", keyPrefix } } }],
    read: ({ limits }) => limits.redis?.keyPrefix,
  },
  "the name of a file": {
    key: "auth.denyListFile",
    good: "deny.yaml",
    give: (denyListFile) => [{ auth: { ...auth, denyListFile } }],
    read: ({ auth }) => auth.denyListFile?.slice(directory.length + 1),
  },
};

/** Members of each class; free-text.test.ts has all of them. */
const flaws: readonly [what: string, change: (value: string) => string, problem: RegExp][] = [
  ["a byte order mark", (value) => `\ufeff${value}`, /byte order mark/],
  ["CR", (value) => `${value}\r`, /carriage return/],
  ["a space at the end", (value) => `${value} `, /ends with white space/],
  ["a space at the beginning", (value) => ` ${value}`, /begins with white space/],
  ["a no-break space", (value) => `${value}\u00a0`, /ends with white space \(U\+00A0\)/],
  ["a zero-width space", (value) => `${value}\u200b`, /U\+200B/],
  ["a second line", (value) => `${value}\nmore`, /line break/],
  ["a second line break", (value) => `${value}\n\n`, /line break/],
  ["CR before both", (value) => `${value}\r\n\r\n`, /carriage return/],
  ["a control character", (value) => `${value.slice(0, 2)}\u0001${value.slice(2)}`, /U\+0001/],
  ["double quotes", (value) => `"${value}"`, /in quotes/],
  ["single quotes", (value) => `'${value}'`, /in quotes/],
  ["typographic quotes", (value) => `“${value}”`, /in quotes/],
];

describe.each(Object.entries({ ...secrets, ...texts }))("%s", (_, { key, good, give, read }) => {
  it("has the value that is written", () => {
    expect(read(load(give(good)))).toBe(good);
  });

  it.each(flaws)("is refused with %s, by its key", (_, change, problem) => {
    const problems = problemsOf(() => load(give(change(good))));
    expect(problems).toContainEqual(
      expect.objectContaining({ key, problem: expect.stringMatching(problem) }),
    );
  });
});

describe.each(Object.entries(secrets))("%s", (_, { good, give, read }) => {
  it.each([
    ["LF", "\n"],
    ["CRLF", "\r\n"],
  ])("is without one final %s", (_, lineBreak) => {
    expect(read(load(give(`${good}${lineBreak}`)))).toBe(good);
  });

  it("is in no problem", () => {
    for (const [, change] of flaws) {
      expect(JSON.stringify(problemsOf(() => load(give(change(good)))))).not.toContain(good);
    }
  });
});

describe.each(Object.entries(texts))("%s", (_, { key, good, give }) => {
  it("is refused with a final line break, which is part of it", () => {
    const problems = problemsOf(() => load(give(`${good}\n`)));
    expect(problems[0]).toMatchObject({ key, problem: expect.stringMatching(/line break/) });
  });
});

describe("the name of a connector token", () => {
  it.each(flaws)("is refused with %s", (_, change, problem) => {
    const hash = `sha256:${"0".repeat(64)}`;
    const content = stringify({ tokens: [{ name: change("gateway"), hash }] });
    const problems = problemsOf(() => parseConnectorTokens(Buffer.from(content), "tokens.yaml"));
    expect(problems).toEqual([
      expect.objectContaining({ problem: expect.stringMatching(problem) }),
    ]);
  });
});

describe("what is not free text", () => {
  it.each<[key: string, env: Record<string, string>, problem: RegExp]>([
    ["ICE_PORT", { ICE_PORT: "8080\r" }, /carriage return/],
    ["ICE_LOG_LEVEL", { ICE_LOG_LEVEL: "info\u00a0" }, /ends with white space/],
    ["ICE_TURN_TTL", { ICE_TURN_TTL: '"24h"' }, /in quotes/],
    ["ICE_TURN_URLS", { ICE_TURN_URLS: "turn:a\r" }, /carriage return/],
    ["ICE_CORS_ORIGINS", { ICE_CORS_ORIGINS: '"https://a.example"' }, /in quotes/],
    ["ICE_CONFIG", { ICE_CONFIG: "ice.yaml\r" }, /carriage return/],
  ])("names the reason too: %s", (key, env, problem) => {
    const problems = problemsOf(() => loadConfig({ env, files: new DiskFiles() }));
    expect(problems).toContainEqual(
      expect.objectContaining({ key, problem: expect.stringMatching(problem) }),
    );
  });

  it("may have white space beside the commas of a list", () => {
    const env = { ICE_STUN_URLS: "stun:a ,  stun:b,\n stun:c" };
    expect(load([{}, env]).ice.stunUrls?.map((url) => url.text)).toEqual([
      "stun:a",
      "stun:b",
      "stun:c",
    ]);
  });
});
