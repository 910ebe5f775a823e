import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { DiskFiles } from "../../src/files/disk-files.js";
import { describeConfig, loadConfig } from "../../src/service-config.js";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ice-stun-"));
  writeFileSync(join(directory, "tokens.yaml"), "tokens: []", { mode: 0o600 });
  writeFileSync(join(directory, "turn.secret"), "north-north-north-north", { mode: 0o600 });
});
afterAll(() => rmSync(directory, { recursive: true }));

function load(ice: object, env: Record<string, string> = {}) {
  const file = join(directory, "ice.yaml");
  writeFileSync(file, stringify({ auth: { connectorTokensFile: "tokens.yaml" }, ice }));
  const { config, warnings } = loadConfig({ file, env, files: new DiskFiles() });
  const { regions } = config.ice.servers;
  return {
    stun: regions.map(({ stunUrls }) => stunUrls.map(({ text }) => text)),
    warnings: warnings.filter((text) => /no STUN server/.test(text)),
    described: JSON.parse(JSON.stringify(describeConfig(config))).ice,
  };
}
const secretFiles = ["turn.secret"];
const turn = (...urls: string[]) => ({ turn: { urls, secretFiles } });

describe("a fleet without stunUrls", () => {
  it.each<[turnUrls: string[], stun: string]>([
    [["turn:turn.example"], "stun:turn.example"],
    [["turn:turn.example:3478"], "stun:turn.example:3478"],
    [["turn:turn.example:5000?transport=udp"], "stun:turn.example:5000"],
    [["turn:turn.example?transport=udp"], "stun:turn.example"],
    [["turn:[2001:db8::1]:80"], "stun:[2001:db8::1]:80"],
    [["turns:a.example:443", "turn:b.example?transport=tcp", "turn:c.example"], "stun:c.example"],
    [["turns:a.example?transport=udp", "turn:c.example", "turn:d.example"], "stun:c.example"],
  ])("with %j asks %s", (turnUrls, stun) => {
    const { stun: found, warnings, described } = load(turn(...turnUrls));
    expect(found).toEqual([[stun]]);
    expect(warnings).toEqual([]);
    expect(described.stunUrls).toEqual([stun]);
  });

  it("has no STUN server, and a warning, where no turn: URL uses UDP", () => {
    const { stun, warnings } = load(turn("turn:a.example?transport=tcp", "turns:a.example:443"));
    expect(stun).toEqual([[]]);
    expect(warnings).toEqual([
      "ice.turn: no turn: URL uses UDP, and no stunUrls are set: no STUN server is handed out",
    ]);
  });

  it("asks Google's where there is no TURN", () => {
    const { stun, described } = load({});
    expect(stun).toEqual([["stun:stun.l.google.com:19302"]]);
    expect(described.stunUrls).toEqual(["stun:stun.l.google.com:19302"]);
  });
});

describe("stunUrls that are set", () => {
  it("count as they are, and none is none, without a warning", () => {
    const own = { stunUrls: ["stun:own.example"], ...turn("turn:turn.example") };
    expect(load(own).stun).toEqual([["stun:own.example"]]);
    const none = { stun: [[]], warnings: [] };
    expect(load({ ...own, stunUrls: [] })).toMatchObject(none);
    expect(load(turn("turn:turn.example"), { ICE_STUN_URLS: "" })).toMatchObject(none);
    expect(load({ stunUrls: [] })).toMatchObject(none);
  });
});

describe("regions", () => {
  const regions = {
    eu: { urls: ["turn:eu.example", "turns:eu.example:443"] },
    us: { urls: [{ url: "turn:us.example:80", weight: 2 }], stunUrls: ["stun:us2.example"] },
    asia: { urls: ["turns:asia.example:443"] },
    africa: { urls: ["turn:africa.example"], stunUrls: [] },
  };
  const given = { turn: { regions, defaultRegion: "eu", secretFiles } };

  it("have STUN servers of their own", () => {
    const { stun, warnings, described } = load(given);
    expect(stun).toEqual([["stun:eu.example"], ["stun:us2.example"], [], []]);
    expect(warnings).toEqual([expect.stringMatching(/^ice\.turn\.regions\.asia: no turn: URL/)]);
    expect(described.stunUrls).toBeUndefined();
    expect(described.turn.regions.eu.stunUrls).toEqual(["stun:eu.example"]);
  });

  it("share those of ice.stunUrls where these are set", () => {
    const { stun, warnings } = load({ ...given, stunUrls: ["stun:all.example"] });
    const all = ["stun:all.example"];
    expect(stun).toEqual([all, ["stun:us2.example"], all, []]);
    expect(warnings).toEqual([]);
  });
});

describe("turns: over UDP", () => {
  it("has a warning", () => {
    const file = join(directory, "dtls.yaml");
    const auth = { connectorTokensFile: "tokens.yaml" };
    const ice = turn("turn:turn.example", "turns:turn.example?transport=udp");
    writeFileSync(file, stringify({ auth, ice }));
    expect(loadConfig({ file, env: {}, files: new DiskFiles() }).warnings).toEqual([
      expect.stringMatching(/^turns:turn\.example\?transport=udp: no browser supports.*pion/),
    ]);
  });
});
