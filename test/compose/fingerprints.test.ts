import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { describeFingerprints } from "../../src/compose/fingerprints.js";
import { sumMetrics } from "../../src/observability/prometheus.js";
import { loadConfig } from "../../src/service-config.js";
import { MemoryFiles } from "../parts/memory-files.js";

interface Instance {
  readonly config?: object;
  readonly secret?: string;
  readonly file?: string;
}

const turn = { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] };
const regions = {
  eu: { urls: ["turn:eu.example.com"] },
  us: { urls: ["turn:us.example.com"], secretFiles: ["us.secret"] },
};

function describeInstance({ config = {}, secret = "north", file = "/etc/ice.yaml" }: Instance) {
  const files = new MemoryFiles({
    "ice.yaml": stringify({
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { turn },
      ...config,
    }),
    "tokens.yaml": "tokens: []",
    "turn.secret": secret,
    "us.secret": "south",
  });
  return describeFingerprints(loadConfig({ file, files, env: {} }).config);
}

const listLabels = (metrics: Awaited<ReturnType<typeof describeInstance>>, name: string) =>
  metrics.find((metric) => metric.name === name)?.values.map(({ labels }) => labels);
const fingerprintConfig = async (instance: Instance) =>
  listLabels(await describeInstance(instance), "ice_config_info");
const fingerprintSecrets = async (instance: Instance) =>
  listLabels(await describeInstance(instance), "ice_turn_secret_info");

describe("describeFingerprints", () => {
  it("has a short fingerprint of the configuration", async () => {
    expect(await fingerprintConfig({})).toEqual([
      { fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/) },
    ]);
  });

  it.each<[what: string, instance: Instance]>([
    ["the folder of its files", { file: "/opt/other/ice.yaml" }],
    ["where it listens", { config: { listen: { host: "127.0.0.1", port: 9000 } } }],
    ["its admin listener", { config: { admin: false } }],
    ["its log", { config: { log: { level: "debug" } } }],
    ["its secret", { secret: "south" }],
    ["a default that is written out", { config: { reflection: true } }],
  ])("has the same for instances that differ in %s", async (_, instance) => {
    expect(await fingerprintConfig(instance)).toEqual(await fingerprintConfig({}));
  });

  it.each<[what: string, config: object]>([
    ["a URL", { ice: { turn: { ...turn, urls: ["turn:other.example.com"] } } }],
    ["the name of a secret's file", { ice: { turn: { ...turn, secretFiles: ["us.secret"] } } }],
    ["a limit", { limits: { caller: { requests: 5, window: "1m" } } }],
    ["who may connect", { listen: { proxyProtocolFrom: ["10.0.0.0/8"] } }],
  ])("has another where %s differs", async (_, config) => {
    expect(await fingerprintConfig({ config })).not.toEqual(await fingerprintConfig({}));
  });

  it("has scrypt of the secret, as Python's hashlib computes it", async () => {
    expect(await fingerprintSecrets({})).toEqual([{ region: "default", fingerprint: "146d611e" }]);
  });

  it("has the secret that signs in each region", async () => {
    const withRegions = { secretFiles: ["turn.secret", "us.secret"], regions, defaultRegion: "eu" };
    const found = await fingerprintSecrets({ config: { ice: { turn: withRegions } } });
    expect(found).toEqual([
      { region: "eu", fingerprint: "146d611e" },
      { region: "us", fingerprint: expect.not.stringMatching("146d611e") },
    ]);
  });

  it("has no secret without TURN", async () => {
    expect(await fingerprintSecrets({ config: { ice: {} } })).toEqual([]);
  });

  it("shows each of those that differ when processes are added up, and those that agree once", async () => {
    const instances = await Promise.all([{}, {}, { secret: "south" }].map(describeInstance));
    const sum = await sumMetrics(instances);
    expect(listLabels(sum, "ice_turn_secret_info")).toHaveLength(2);
    expect(listLabels(sum, "ice_config_info")).toHaveLength(1);
    expect(sum.flatMap(({ values }) => values.map(({ value }) => value))).toEqual([1, 1, 1]);
  });
});
