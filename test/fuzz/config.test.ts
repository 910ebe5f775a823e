import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { systemClock } from "../../src/clock.js";
import { checkFiles } from "../../src/compose/config-check.js";
import { listKeys } from "../../src/config/declared-keys.js";
import { parseDuration, printDuration } from "../../src/config/duration.js";
import { ConfigError } from "../../src/errors.js";
import { configSection, describeConfig, loadConfig } from "../../src/service-config.js";
import { MemoryFiles } from "../parts/memory-files.js";
import { fuzzTimeoutMs, textOf, tryToBreak } from "./property.js";

/** Stands in every secret, so that no message may hold it. */
const marker = "never-to-be-printed";
const secret = `${marker}-0123456789abcdef0123456789abcdef`;
const secretFiles = {
  "turn.secret": secret,
  "jwt.secret": secret,
  "tokens.yaml": `tokens: [{ name: a, hash: ${secret} }]`,
  "deny.yaml": `deny: [{ ${secret}: 1 }]`,
  "cert.pem": `-----BEGIN CERTIFICATE-----\n${secret}\n-----END CERTIFICATE-----`,
  "key.pem": `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`,
  "keys.json": JSON.stringify({ keys: [{ kty: "oct", k: secret }] }),
};

/** Loads and describes, as `config check` does; returns all that is said. */
function check(content: string, env: Record<string, string> = {}): string {
  const files = new MemoryFiles({ ...secretFiles, "ice.yaml": content });
  try {
    const { config, warnings } = loadConfig({ file: "/etc/ice.yaml", env, files });
    const described = describeConfig(config);
    expect(loadAgain(described, env)).toEqual(described);
    checkFiles(config, files, systemClock);
    return JSON.stringify([described, warnings]);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return `${error}${JSON.stringify(error)}`;
  }
}

/** What is printed can be loaded, and is then printed again. */
function loadAgain(described: object, env: Record<string, string>): object {
  const files = new MemoryFiles({ ...secretFiles, "ice.yaml": stringify(described) });
  return describeConfig(loadConfig({ file: "/etc/ice.yaml", env, files }).config);
}

/** Libraries may warn by this way, with what they have read. */
const warnings: Error[] = [];
const onWarning = (warning: Error) => void warnings.push(warning);
beforeAll(() => {
  process.on("warning", onWarning);
});
afterAll(() => {
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
});

const names = [...new Set(listKeys(configSection).map(({ name }) => name))];
const scalar = fc.oneof(
  fc.constantFrom(
    ...Object.keys(secretFiles),
    "ES256",
    "HS256",
    "*",
    "24h",
    "0s",
    "turn:a",
    "stun:b",
  ),
  fc.constantFrom("https://a.example", "subject", "static", "json", "", "127.0.0.1"),
  fc.oneof(fc.boolean(), fc.double(), fc.integer(), fc.constant(null), fc.string({ maxLength: 6 })),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ maxDepth: 5 }, scalar, tie("list"), tie("map")),
  list: fc.array(tie("tree"), { maxLength: 3 }),
  map: fc.dictionary(
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...names) },
      { weight: 1, arbitrary: fc.string() },
    ),
    tie("tree"),
    { maxKeys: 5 },
  ),
}));
const jwtEntry = fc.record(
  {
    issuer: scalar,
    audience: scalar,
    algorithms: fc.array(scalar),
    jwksUrl: scalar,
    jwksFile: scalar,
    publicKeyFile: scalar,
    secretFile: scalar,
    clockTolerance: scalar,
  },
  { requiredKeys: ["issuer", "audience"] },
);
const regionName = fc.constantFrom("eu", "us", "US", "1", "__proto__", "");
const regionEntry = fc.record(
  {
    urls: fc.array(fc.oneof(scalar, fc.record({ url: scalar, weight: scalar })), { maxLength: 3 }),
    stunUrls: fc.array(scalar, { maxLength: 2 }),
    secretFiles: fc.array(scalar, { maxLength: 2 }),
    name: scalar,
  },
  { requiredKeys: ["urls"] },
);
/** Nearly right, so that what lies behind the schema is reached. */
const nearly = fc.record(
  {
    listen: fc.record(
      {
        host: scalar,
        port: scalar,
        tls: fc.record({ certFile: scalar, keyFile: scalar, clientCaFile: scalar }),
      },
      { requiredKeys: [] },
    ),
    cors: fc.record({ allowedOrigins: fc.array(scalar, { maxLength: 2 }) }),
    auth: fc.record(
      {
        jwt: fc.array(jwtEntry, { maxLength: 2 }),
        connectorTokensFile: fc.constantFrom("tokens.yaml", "cert.pem"),
        denyListFile: scalar,
      },
      { requiredKeys: [] },
    ),
    ice: fc.record(
      {
        stunUrls: fc.array(scalar, { maxLength: 2 }),
        turn: fc.record(
          {
            urls: fc.array(scalar, { maxLength: 2 }),
            secretFiles: fc.array(scalar, { maxLength: 2 }),
            ttl: scalar,
            minTtl: scalar,
            identity: scalar,
            name: scalar,
            regions: fc.dictionary(regionName, regionEntry, { maxKeys: 3 }),
            defaultRegion: regionName,
            serversPerAnswer: scalar,
            regionFrom: fc.record(
              {
                header: scalar,
                database: scalar,
                map: fc.dictionary(regionName, regionName, { maxKeys: 2 }),
                continents: fc.dictionary(fc.constantFrom("EU", "na", "x"), regionName),
              },
              { requiredKeys: [] },
            ),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
    log: tree,
    shutdown: fc.record({ delay: scalar }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

describe("a configuration file ends in a configuration or a ConfigError, without a secret", {
  timeout: fuzzTimeoutMs,
}, () => {
  it("whatever its text", async () => {
    const text = textOf(
      ...names,
      ": ",
      "\n",
      "\n  ",
      "- ",
      "{",
      "}",
      "[",
      "]",
      "&a ",
      "*a",
      "!!",
      "|",
      ">",
      '"',
      "'",
      "#",
      "<<: *a",
      "? ",
      "---",
      "%YAML",
      "\t",
      "\u0000",
      "!!binary x",
      "!!js/function x",
      "0x1",
      "1e999",
    );
    await tryToBreak(
      fc.property(text, (content) => {
        expect(check(content)).not.toContain(marker);
      }),
    );
  });

  it("whatever stands at its keys", async () => {
    await tryToBreak(
      fc.property(fc.oneof(tree, nearly), (content) => {
        expect(check(stringify(content))).not.toContain(marker);
      }),
    );
  });

  it("whatever the variables", async () => {
    const variables = fc.dictionary(
      fc.constantFrom(
        "ICE_HOST",
        "ICE_PORT",
        "ICE_TLS_CERT_FILE",
        "ICE_TLS_KEY_FILE",
        "ICE_CORS_ORIGINS",
        "ICE_STUN_URLS",
        "ICE_TURN_URLS",
        "ICE_TURN_SECRET_FILE",
        "ICE_TURN_TTL",
        "ICE_TURN_IDENTITY",
        "ICE_TURN_NAME",
        "ICE_JWT_ISSUER",
        "ICE_JWT_AUDIENCE",
        "ICE_JWT_ALGORITHMS",
        "ICE_JWT_JWKS_URL",
        "ICE_JWT_SECRET_FILE",
        "ICE_CONNECTOR_TOKENS_FILE",
        "ICE_LOG_LEVEL",
      ),
      fc.oneof(scalar.map(String), textOf(",", "a", "turn:a", "ES256", "turn.secret", " ")),
    );
    await tryToBreak(
      fc.property(variables, fc.boolean(), (env, withSecret) => {
        const all = withSecret ? { ...env, ICE_TURN_SECRET: secret } : env;
        expect(check("auth: { queryToken: false }", all)).not.toContain(marker);
      }),
    );
  });
});

describe("parseDuration", { timeout: fuzzTimeoutMs }, () => {
  it("reads what printDuration prints", async () => {
    await tryToBreak(
      fc.property(fc.nat(999_999_999), (seconds) => {
        expect(parseDuration(printDuration(seconds))).toBe(seconds);
      }),
    );
  });

  it("takes numbers with units, in falling order, and nothing else", async () => {
    await tryToBreak(
      fc.property(
        textOf("1", "24", "d", "h", "m", "s", " ", "-", ".", "٣", "999999999"),
        (text) => {
          const seconds = parseDuration(text);
          const isDuration =
            text !== "" &&
            /^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$/.test(text) &&
            !/[0-9]{10}/.test(text);
          expect(seconds !== undefined).toBe(isDuration);
          expect(Number.isSafeInteger(seconds ?? 0)).toBe(true);
          expect(text).not.toMatch(isDuration ? /[^0-9dhms]/ : /^[0-9]{1,9}s$/);
        },
      ),
    );
  });
});
