import { readdir, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import manifest from "../../package.json" with { type: "json" };
import lock from "../../package-lock.json" with { type: "json" };
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const root = resolve(import.meta.dirname, "../..");
const component = z.object({
  "bom-ref": z.string(),
  name: z.string(),
  type: z.string(),
  version: z.string(),
});
const sbomSchema = z.object({
  bomFormat: z.literal("CycloneDX"),
  metadata: z.object({ component }),
  components: z.array(component),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
});
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      dev: z.boolean().default(false),
    }),
  ),
});
const nameOf = (folder: string) => folder.replace(/^.*node_modules\//, "");
const needed = Object.entries(lockSchema.parse(lock).packages)
  .filter(([folder, { dev }]) => folder !== "" && !dev)
  .map(([folder, { version }]) => ({ name: nameOf(folder), version }));

async function runScript(file: string): Promise<string> {
  const { stdout } = await runProgram("node", [file], { cwd: root, maxBuffer: 10_000_000 });
  return stdout;
}

describe("npm run build", () => {
  it("makes a program that `npm link` has as a command, after each build", async () => {
    const { stdout } = await runProgram(`${root}/dist/main.js`, ["--version"]);
    expect(stdout.trim()).toBe(manifest.version);
  });
});

describe("deploy/third-party-notices.mjs", () => {
  it("has the license of every package that the program is made of", async () => {
    const text = await runScript("deploy/third-party-notices.mjs");
    const sections = text.split(`${"-".repeat(80)}\n`).slice(1);
    expect(needed.length).toBeGreaterThan(20);
    expect(sections.map((section) => /^\s*(\S+ \S+) \(/.exec(section)?.[1]).sort()).toEqual(
      needed.map(({ name, version }) => `${name} ${version}`).sort(),
    );
    for (const section of sections) {
      expect(section).toMatch(/copyright|public domain|permission/i);
    }
  });

  it("has every package whose code is in the build", async () => {
    const text = await runScript("deploy/third-party-notices.mjs");
    const maps = (await readdir(`${root}/dist`)).filter((file) => file.endsWith(".map"));
    const bundled = new Set<string>();
    for (const map of maps) {
      const { sources } = z
        .object({ sources: z.array(z.string()) })
        .parse(JSON.parse(await readFile(`${root}/dist/${map}`, "utf8")));
      for (const source of sources) {
        const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source) ?? [];
        if (name !== undefined) {
          bundled.add(name);
        }
      }
    }
    expect(bundled.size).toBeGreaterThan(20);
    expect([...bundled].filter((name) => !text.includes(`\n${name} `))).toEqual([]);
  });
});

describe("deploy/sbom.mjs", () => {
  it("has every package that the program is made of, and no other", async () => {
    const sbom = sbomSchema.parse(JSON.parse(await runScript("deploy/sbom.mjs")));
    expect(sbom.metadata.component).toEqual({
      "bom-ref": `ice-service@${manifest.version}`,
      name: "ice-service",
      type: "application",
      version: manifest.version,
    });
    expect(sbom.components.map((each) => each["bom-ref"]).sort()).toEqual(
      [...new Set(needed.map((each) => `${each.name}@${each.version}`))].sort(),
    );
    const refs = [sbom.metadata.component, ...sbom.components].map((each) => each["bom-ref"]);
    expect(sbom.dependencies.map(({ ref }) => ref).sort()).toEqual(refs.sort());
    expect(refs).toEqual(
      expect.arrayContaining(sbom.dependencies.flatMap(({ dependsOn }) => dependsOn)),
    );
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
