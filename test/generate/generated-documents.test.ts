import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { printSample } from "../../generate/config-sample.js";
import { printRestartKeys, printVariables, replaceGenerated } from "../../generate/key-tables.js";
import { configSection, describeConfig, loadConfig } from "../../src/service-config.js";
import { MemoryFiles } from "../parts/memory-files.js";

const pathOf = (file: string) => resolve(import.meta.dirname, "../..", file);
const readRoot = (file: string) => readFileSync(pathOf(file), "utf8");

/** `npm run generate` writes these files; without it, they are compared. */
describe("what is generated from the declarations of configuration keys", () => {
  it.each<[file: string, print: (before: string) => string]>([
    ["config-sample.yaml", () => printSample(configSection)],
    ["README.md", (before) => replaceGenerated(before, "variables", printVariables(configSection))],
    [
      "docs/production.md",
      (before) => replaceGenerated(before, "restart-keys", printRestartKeys(configSection)),
    ],
  ])("is in %s", async (file, print) => {
    await expect(print(readRoot(file))).toMatchFileSnapshot(pathOf(file));
  });
});

describe("config-sample.yaml", () => {
  const load = (content: string) => {
    const secrets = {
      "turn.secret": "t".repeat(32),
      "jwt.secret": "j".repeat(32),
      "introspection.secret": "i".repeat(32),
      "pseudonym.key": "p".repeat(32),
    };
    const pems = { "server.pem": "", "server-key.pem": "", "client-ca.pem": "" };
    const files = new MemoryFiles({ ...secrets, ...pems, "ice.yaml": content });
    return loadConfig({ file: "/etc/ice.yaml", env: {}, files });
  };

  it("is a valid configuration, and loads again as config check prints it", () => {
    const { config } = load(readRoot("config-sample.yaml"));
    const described = describeConfig(config);
    expect(describeConfig(load(stringify(described)).config)).toEqual(described);
  });
});
