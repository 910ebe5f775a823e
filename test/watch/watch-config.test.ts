import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { ConfigError } from "../../src/errors.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import { describeConfig, loadConfig } from "../../src/service-config.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";

const dev = { secret: createSecretKey("north-north-north", "utf8") };

async function load(ice: object) {
  const directory = await createTemporaryDirectory("watch-section");
  try {
    const file = await directory.write("ice.yaml", stringify({ ice }));
    return loadConfig({ env: {}, file, files: new DiskFiles(), dev }).config;
  } finally {
    await directory.remove();
  }
}

describe("ice.watch.repeat", () => {
  it.each([[{}], [{ watch: {} }]])("is off in %j", async (ice) => {
    const config = await load(ice);
    expect(config.ice.watch?.repeatSeconds).toBeUndefined();
    expect(describeConfig(config)).not.toHaveProperty("ice.watch");
  });

  it.each([
    ["1s", 1],
    ["45s", 45],
    ["24h", 86_400],
  ])("of %s is taken, with regions too", async (repeat, seconds) => {
    const regions = { eu: { urls: ["turn:turn.example.com"] } };
    for (const turn of [{}, { regions, defaultRegion: "eu" }]) {
      const config = await load({ turn, watch: { repeat } });
      expect(config.ice.watch?.repeatSeconds).toBe(seconds);
      expect(describeConfig(config)).toHaveProperty("ice.watch.repeat", repeat);
    }
  });

  it.each([
    [{ repeat: "0s" }, "ice.watch.repeat"],
    [{ repeat: "25h" }, "ice.watch.repeat"],
    [{ repeat: "soon" }, "ice.watch.repeat"],
    [{ repeat: 45 }, "ice.watch.repeat"],
    [{ repeet: "45s" }, "ice.watch.repeet"],
  ])("rejects %j", async (watch, key) => {
    const error = await load({ watch }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    const [problem] = error instanceof ConfigError ? error.problems : [];
    expect(problem?.key).toBe(key);
    expect(problem?.fix).toBeTruthy();
  });
});
