import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const root = resolve(import.meta.dirname, "../..");
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      dev: z.boolean().default(false),
      optional: z.boolean().default(false),
    }),
  ),
});

describe("deploy/third-party-notices.mjs", () => {
  it("has the license of every package that the program is made of", async () => {
    const { stdout } = await runProgram("node", ["deploy/third-party-notices.mjs"], {
      cwd: root,
      maxBuffer: 10_000_000,
    });
    const { default: lock } = await import("../../package-lock.json", { with: { type: "json" } });
    const needed = Object.entries(lockSchema.parse(lock).packages)
      .filter(([folder, { dev, optional }]) => folder !== "" && !dev && !optional)
      .map(([folder, { version }]) => `${folder.replace(/^.*node_modules\//, "")} ${version}`);
    expect(needed.length).toBeGreaterThan(20);
    const sections = stdout.split(`${"-".repeat(80)}\n`).slice(1);
    expect(sections.map((text) => /^\s*(\S+ \S+) \(/.exec(text)?.[1]).sort()).toEqual(
      needed.sort(),
    );
    for (const text of sections) {
      expect(text).toMatch(/copyright|public domain|permission/i);
    }
  });
});

describe("the package", () => {
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = await createTemporaryDirectory("package");
    // Without its scripts, which would build beside the tests that use the build.
    await runProgram("npm", ["pack", "--ignore-scripts", "--pack-destination", directory.path], {
      cwd: root,
    });
    await runProgram("bash", ["-c", "tar xzf *.tgz && rm *.tgz"], { cwd: directory.path });
  });
  afterAll(() => directory.remove());

  it.each([
    "config-sample.yaml",
    "CHANGELOG.md",
    "LICENSE",
    "dist/library.js",
    "dist/main.js",
    "docs/production.md",
    "docs/upgrading.md",
    "page/index.html",
    "proto/ice/v1/ice_service.proto",
  ])("has %s", async (file) => {
    await expect(
      runProgram("test", ["-s", `package/${file}`], { cwd: directory.path }),
    ).resolves.toBeDefined();
  });

  it("leaves out tests, sources, and source maps", async () => {
    const { stdout } = await runProgram(
      "find",
      ["package", "-name", "*.map", "-o", "-name", "*.test.ts", "-o", "-path", "package/src"],
      { cwd: directory.path },
    );
    expect(stdout).toBe("");
  });
});
