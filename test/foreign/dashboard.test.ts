import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildTimeoutMs, buildTypeDecoder, type TypeDecoder } from "./type-decoder.js";

const file = join(import.meta.dirname, "../../deploy/grafana-dashboard.json");
const content = readFileSync(file, "utf8");

let types: TypeDecoder;
beforeAll(async () => {
  types = await buildTypeDecoder("dashboard-types");
}, buildTimeoutMs);
afterAll(() => types?.remove());

const countPanels = async (dashboard: string) => Number(await types.decode(dashboard));

describe("deploy/grafana-dashboard.json", () => {
  it("has the fields of Grafana's types, and no others", async () => {
    expect(await countPanels(content)).toBe(JSON.parse(content).panels.length);
  });

  it.each([
    ["a field that is misspelled", '"displayMode"', '"displayMod"'],
    ["a value of another type", '"lineWidth": 1', '"lineWidth": "thin"'],
  ])("would not have %s", async (_, good, bad) => {
    expect(content).toContain(good);
    await expect(countPanels(content.replace(good, bad))).rejects.toThrow("panels[");
  });
});
