import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { ConfigError } from "../../src/errors.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import { describeConfig, loadConfig } from "../../src/service-config.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";

const dev = { secret: createSecretKey("north-north-north", "utf8") };

async function load(turn: object) {
  const directory = await createTemporaryDirectory("probe-section");
  try {
    const file = await directory.write("ice.yaml", stringify({ ice: { turn } }));
    return loadConfig({ env: {}, file, files: new DiskFiles(), dev }).config;
  } finally {
    await directory.remove();
  }
}

describe("ice.turn.probe", () => {
  it("is off where it is absent", async () => {
    const config = await load({});
    expect(config.ice.turn?.probe).toBeUndefined();
    expect(JSON.stringify(describeConfig(config))).not.toContain("probe");
  });

  it.each([
    [{}, { interval: "30s", timeout: "5s" }],
    [{ interval: "2s" }, { interval: "2s", timeout: "2s" }],
    [
      { interval: "1h", timeout: "1m", failures: 1 },
      { interval: "1h", timeout: "1m", failures: 1 },
    ],
  ])("of %j is %j", async (probe, described) => {
    const config = await load({ probe });
    expect(describeConfig(config)).toMatchObject({
      ice: { turn: { probe: { failures: 3, successes: 2, concurrency: 8, ...described } } },
    });
  });

  it("is described where there are STUN URLs only", async () => {
    const config = await load({ urls: [], probe: {} });
    expect(describeConfig(config)).toMatchObject({ ice: { turn: { probe: { interval: "30s" } } } });
  });

  it.each([
    [{ interval: "0s" }, "ice.turn.probe.interval"],
    [{ interval: "2h" }, "ice.turn.probe.interval"],
    [{ interval: "10s", timeout: "11s" }, "ice.turn.probe.timeout"],
    [{ timeout: "0s" }, "ice.turn.probe.timeout"],
    [{ failures: 0 }, "ice.turn.probe.failures"],
    [{ successes: 101 }, "ice.turn.probe.successes"],
    [{ concurrency: 0 }, "ice.turn.probe.concurrency"],
    [{ intervall: "1s" }, "ice.turn.probe.intervall"],
  ])("refuses %j", async (probe, key) => {
    const error = await load({ probe }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    const [problem] = error instanceof ConfigError ? error.problems : [];
    expect(problem?.key).toBe(key);
  });
});
