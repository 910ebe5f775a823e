import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { printSample } from "../../generate/config-sample.js";
import { configSection } from "../../src/service-config.js";

const root = resolve(import.meta.dirname, "../..");

/** `npm run generate` writes these files; without it, they are compared. */
describe("generated documents", () => {
  it("config-sample.yaml", async () => {
    const file = resolve(root, "config-sample.yaml");
    await expect(printSample(configSection, readFileSync(file, "utf8"))).toMatchFileSnapshot(file);
  });
});
