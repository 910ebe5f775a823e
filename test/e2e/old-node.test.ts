import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await createTemporaryDirectory("old-node");
});
afterAll(() => directory.remove());

/** Runs the built program on this Node, which reports another version. */
async function runOn(version: string) {
  const disguise = `Object.defineProperty(process.versions, "node", { value: "${version}" });`;
  const file = await directory.write("disguise.cjs", disguise);
  const args = ["--require", file, program, "--version"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { exitCode: status, stdout, stderr };
}

describe("the built program", () => {
  it.each(["18.20.8", "20.18.3", "12.22.12", "0.10.48"])(
    "refuses Node %s in one sentence",
    async (version) => {
      expect(await runOn(version)).toEqual({
        exitCode: 2,
        stdout: "",
        stderr: `ice-service requires Node.js 20.19 or later (22 or later in production), but this is Node.js ${version}.\n`,
      });
      expect(packageJson.engines.node).toBe(">=20.19");
    },
  );

  it.each(["20.19.0", "22.0.0", "26.10.0"])("runs on Node %s", async (version) => {
    expect(await runOn(version)).toEqual({
      exitCode: 0,
      stdout: `${packageJson.version}\n`,
      stderr: "",
    });
  });

  it("begins with a file that old versions can parse, and that loads nothing before the check", () => {
    const source = readFileSync(program, "utf8");
    expect(source).toMatch(/^#!.*\n/);
    // An empty export list is how the bundler marks a module; Node 12 takes it.
    const statements = source.replace(/^export \{\s*\};$/m, "");
    // A script has no import or export statement and no top-level await.
    expect(() => new Script(statements)).not.toThrow();
    expect(statements).not.toMatch(/\?\?|\?\.|\|\|=|&&=|#[a-z]/);
    expect(source.length).toBeLessThan(2000);
  });
});
