import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { LoadOptions } from "../../src/config/load-config.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import { describeConfig, loadConfig } from "../../src/service-config.js";
import type { ConfiguredRegion } from "../../src/turn/ice-servers-config.js";
import { problemsOf } from "../config-problems.js";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ice-regions-"));
  write("tokens.yaml", "tokens: []");
  write("turn.secret", "north-north-north-north");
  write("us.secret", "south-south-south-south");
  write("short.secret", "south");
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  chmodSync(file, 0o600);
  return file;
}

const load = (turn: object, env: LoadOptions["env"] = {}, listen: object = {}) =>
  loadConfig({
    file: write(
      "ice.yaml",
      stringify({
        listen,
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: { stunUrls: ["stun:stun.example"], turn },
      }),
    ),
    env,
    files: new DiskFiles(),
  });
const readSecret = ({ sharedSecret }: ConfiguredRegion) =>
  sharedSecret?.secrets[0].key.export().toString();
const urls = ["turn:turn.example"];
const secretFiles = ["turn.secret"];
const regions = { eu: { urls }, us: { urls: ["turn:us.example"] } };
const good = { regions, defaultRegion: "eu", secretFiles };

describe("ice.turn.regions", () => {
  it("takes each region's own URLs, weights, secrets and name, else those of all", () => {
    const { config, warnings } = load(
      {
        regions: {
          us: {
            urls: [
              { url: "turn:us1.example", weight: 3 },
              "turns:US1.example",
              { url: "turn:[2001:db8::1]:53" },
            ],
            stunUrls: [],
            secretFiles: ["us.secret", "turn.secret"],
            name: "us-gateway",
          },
          eu: { urls },
        },
        defaultRegion: "eu",
        serversPerAnswer: 2,
        regionFrom: {
          header: "CF-IPCountry",
          database: "countries.mmdb",
          map: { de: "eu", EU: "eu" },
          continents: { NA: "us" },
        },
        secretFiles,
        ttl: "1h",
      },
      {},
      { trustedProxies: ["10.0.0.0/8"] },
    );
    expect(warnings).toEqual([]);
    expect(describeConfig(config)).toMatchObject({
      ice: {
        turn: {
          regions: {
            us: {
              urls: [
                { url: "turn:us1.example", weight: 3 },
                { url: "turns:US1.example", weight: 3 },
                "turn:[2001:db8::1]:53",
              ],
              stunUrls: [],
              secretFiles: [
                expect.stringMatching(/\/us\.secret$/),
                expect.stringMatching(/\/turn\.secret$/),
              ],
              name: "us-gateway",
            },
            eu: { urls, stunUrls: ["stun:stun.example"], name: "webrtc-gateway" },
          },
          defaultRegion: "eu",
          serversPerAnswer: 2,
          regionFrom: {
            header: "cf-ipcountry",
            database: join(directory, "countries.mmdb"),
            map: { DE: "eu", EU: "eu" },
            continents: { EU: "eu", NA: "us" },
          },
          ttl: "1h",
        },
      },
    });
    expect(config.ice.servers.regions.map((region) => [region.name, readSecret(region)])).toEqual([
      ["us", "south-south-south-south"],
      ["eu", "north-north-north-north"],
    ]);
  });

  it("signs for all regions by the secret of the variable", () => {
    const { config } = load(
      { regions, defaultRegion: "us" },
      { ICE_TURN_SECRET: "of-the-variable!" },
    );
    expect(config.ice.servers.regions.map(readSecret)).toEqual([
      "of-the-variable!",
      "of-the-variable!",
    ]);
  });

  it.each<[what: string, turn: object, env: Record<string, string>, key: string, text: RegExp]>([
    ["urls beside regions", { ...good, urls }, {}, "ice.turn.urls", /one of the two/],
    ["URLs of a variable", good, { ICE_TURN_URLS: "turn:a" }, "ICE_TURN_URLS", /one of the two/],
    ["no region", { ...good, regions: {} }, {}, "ice.turn.regions", /no region/],
    ["no default", { regions, secretFiles }, {}, "ice.turn.defaultRegion", /missing.*eu, us/],
    [
      "an unknown default",
      { ...good, defaultRegion: "mars" },
      {},
      "ice.turn.defaultRegion",
      /mars/,
    ],
    [
      "a default alone",
      { urls, secretFiles, defaultRegion: "eu" },
      {},
      "ice.turn.defaultRegion",
      /no region/,
    ],
    [
      "a number of servers alone",
      { serversPerAnswer: 1 },
      {},
      "ice.turn.serversPerAnswer",
      /no region/,
    ],
    ["a source alone", { regionFrom: { header: "x" } }, {}, "ice.turn.regionFrom", /no region/],
    [
      "no servers",
      { ...good, serversPerAnswer: 0 },
      {},
      "ice.turn.serversPerAnswer",
      /0 is out of range \(1 to 1000\)/,
    ],
    [
      "a bad name",
      { ...good, regions: { ...regions, Eu_1: { urls } } },
      {},
      "ice.turn.regions.Eu_1",
      /a to z/,
    ],
    [
      "a name that is a number",
      { ...good, regions: { ...regions, 1: { urls } } },
      {},
      "ice.turn.regions.1",
      /letter first/,
    ],
    [
      "a region without URLs",
      { ...good, regions: { eu: { urls: [] } } },
      {},
      "ice.turn.regions.eu.urls",
      /no URL/,
    ],
    [
      "a region of nothing",
      { ...good, regions: { eu: {} } },
      {},
      "ice.turn.regions.eu.urls",
      /missing/,
    ],
    [
      "an unknown key",
      { ...good, regions: { eu: { url: "x", urls } } },
      {},
      "ice.turn.regions.eu.url",
      /mean urls/,
    ],
    [
      "an unknown key of a URL",
      { ...good, regions: { eu: { urls: [{ url: "turn:a", wieght: 1 }] } } },
      {},
      "ice.turn.regions.eu.urls[0].wieght",
      /mean weight/,
    ],
    [
      "a bad URL",
      { ...good, regions: { eu: { urls: ["turn://a"] } } },
      {},
      "ice.turn.regions.eu.urls[0]",
      /Write turn:a/,
    ],
    [
      "a STUN URL",
      { ...good, regions: { eu: { urls: ["stun:a"] } } },
      {},
      "ice.turn.regions.eu.urls[0]",
      /region's stunUrls/,
    ],
    [
      "a URL twice",
      { ...good, regions: { eu: { urls: ["turn:a", { url: "turn:a" }] } } },
      {},
      "ice.turn.regions.eu.urls[1]",
      /twice/,
    ],
    [
      "a bad STUN URL",
      { ...good, regions: { eu: { urls, stunUrls: ["x"] } } },
      {},
      "ice.turn.regions.eu.stunUrls[0]",
      /scheme/,
    ],
    [
      "a weight of nothing",
      { ...good, regions: { eu: { urls: [{ url: "turn:a", weight: 0 }] } } },
      {},
      "ice.turn.regions.eu.urls[0].weight",
      /0 is out of range \(1 to 1000\)/,
    ],
    [
      "two weights of a host",
      {
        ...good,
        regions: {
          eu: {
            urls: [
              { url: "turn:a", weight: 1 },
              { url: "turns:A", weight: 2 },
            ],
          },
        },
      },
      {},
      "ice.turn.regions.eu.urls[1].weight",
      /another weight/,
    ],
    [
      "no secret",
      { regions, defaultRegion: "eu" },
      {},
      "ice.turn.regions.us.secretFiles",
      /ice-service secret new/,
    ],
    [
      "an empty list of secrets",
      { ...good, regions: { eu: { urls, secretFiles: [] } } },
      {},
      "ice.turn.regions.eu.secretFiles",
      /ice-service secret new/,
    ],
    [
      "a missing secret",
      { ...good, regions: { eu: { urls, secretFiles: ["no"] } } },
      {},
      "ice.turn.regions.eu.secretFiles[0]",
      /ENOENT/,
    ],
    [
      "a bad name of callers",
      { ...good, regions: { eu: { urls, name: "a b" } } },
      {},
      "ice.turn.regions.eu.name",
      /white space/,
    ],
    [
      "no source",
      { ...good, regionFrom: { map: { DE: "eu" } } },
      {},
      "ice.turn.regionFrom",
      /no source/,
    ],
    ["no map", { ...good, regionFrom: { header: "x" } }, {}, "ice.turn.regionFrom.map", /empty/],
    [
      "a map to no region",
      { ...good, regionFrom: { header: "x", map: { DE: "mars" } } },
      {},
      "ice.turn.regionFrom.map.DE",
      /eu, us/,
    ],
    [
      "a continent that is none",
      { ...good, regionFrom: { header: "x", continents: { DE: "eu" } } },
      {},
      "ice.turn.regionFrom.continents.DE",
      /is not a continent code/,
    ],
    [
      "a header that is none",
      { ...good, regionFrom: { header: "a b", map: { DE: "eu" } } },
      {},
      "ice.turn.regionFrom.header",
      /"a b" is not a header name/,
    ],
  ])("refuses %s", (_, turn, env, key, text) => {
    const problems = problemsOf(() => load(turn, env));
    const problem = problems.find((found) => found.key === key);
    expect(problems.map((found) => found.key)).toContain(key);
    expect(`${problem?.problem}. ${problem?.fix}`).toMatch(text);
  });

  const five = ["a", "b"].flatMap((host) => [`turn:${host}`, `turns:${host}`]);
  const fromDatabase = (map: object) => ({ ...good, regionFrom: { database: "x", map } });
  it.each<[what: string, turn: object, warnings: RegExp[]]>([
    ["nothing", good, []],
    [
      "five URLs in an answer",
      { ...good, regions: { ...regions, eu: { urls: five } } },
      [/region eu.*5 STUN and TURN URLs.*serversPerAnswer/],
    ],
    [
      "none of five URLs when an answer names one server",
      { ...good, regions: { ...regions, eu: { urls: five } }, serversPerAnswer: 1 },
      [],
    ],
    [
      "a short secret",
      { ...good, regions: { eu: { urls, secretFiles: ["short.secret"] } } },
      [/shorter than 16/],
    ],
    [
      "a header that nobody is trusted with",
      { ...good, regionFrom: { header: "x", map: { DE: "eu" } } },
      [/trustedProxies is empty/],
    ],
    [
      "a country whose code is a continent's",
      fromDatabase({ NA: "us", EU: "eu" }),
      [/has NA, which/],
    ],
    ["a continent that is no country", fromDatabase({ EU: "eu" }), []],
  ])("warns of %s", (_, turn, warnings) => {
    const found = load(turn).warnings;
    expect(found).toEqual(warnings.map((text) => expect.stringMatching(text)));
  });
});

describe("listen.trustedProxies", () => {
  it("is nobody by default", () => {
    expect(load(good).config.listen.trustedProxies).toEqual([]);
  });

  it.each(["10.0.0.0/33", "proxy.example", "10.0.0.0/8/8", "::ffff:10.0.0.1", ""])(
    "refuses %j",
    (block) => {
      const [problem] = problemsOf(() => load(good, {}, { trustedProxies: [block] }));
      expect(problem?.key).toBe("listen.trustedProxies[0]");
    },
  );

  it("warns of everybody", () => {
    const { warnings } = load(good, {}, { trustedProxies: ["10.0.0.0/8", "fd00::1", "0.0.0.0/0"] });
    expect(warnings).toEqual([expect.stringContaining("0.0.0.0/0")]);
  });
});
