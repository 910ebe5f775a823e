import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { printSample } from "../../generate/config-sample.js";
import { configSection, describeConfig, loadConfig } from "../../src/service-config.js";
import { MemoryFiles } from "../parts/memory-files.js";

const root = resolve(import.meta.dirname, "../..");

/** `npm run generate` writes these files; without it, they are compared. */
describe("generated documents", () => {
  it("config-sample.yaml", async () => {
    const file = resolve(root, "config-sample.yaml");
    await expect(printSample(configSection)).toMatchFileSnapshot(file);
  });
});

describe("config-sample.yaml", () => {
  const load = (content: string) => {
    const secrets = {
      "turn.secret": "t".repeat(32),
      "jwt.secret": "j".repeat(32),
      "pseudonym.key": "p".repeat(32),
    };
    const pems = { "server.pem": "", "server-key.pem": "", "client-ca.pem": "" };
    const files = new MemoryFiles({ ...secrets, ...pems, "ice.yaml": content });
    return loadConfig({ file: "/etc/ice.yaml", env: {}, files });
  };

  it("is a valid configuration, and loads again as config check prints it", () => {
    const { config } = load(readFileSync(resolve(root, "config-sample.yaml"), "utf8"));
    const described = describeConfig(config);
    expect(describeConfig(load(stringify(described)).config)).toEqual(described);
  });
});
