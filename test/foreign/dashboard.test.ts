import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const file = join(import.meta.dirname, "../../deploy/grafana-dashboard.json");
const content = readFileSync(file, "utf8");

let directory: TemporaryDirectory;
let program: string;
beforeAll(async () => {
  directory = await createTemporaryDirectory("dashboard");
  program = join(directory.path, "dashboard-types");
  await runProgram("nice", ["go", "build", "-o", program, "."], {
    cwd: join(import.meta.dirname, "dashboard-types"),
    timeout: 600_000,
  });
}, 600_000);
afterAll(() => directory.remove());

async function countPanels(dashboard: string): Promise<number> {
  const written = await directory.write("dashboard.json", dashboard);
  const { stdout } = await runProgram("bash", ["-c", `${program} <${written}`]);
  return Number(stdout);
}

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
