import { cp, mkdir, readdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { runProgram, startProcess } from "../parts/child-process.js";
import { findFreePort } from "../parts/free-port.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const root = join(import.meta.dirname, "../..");
const fileName = `ice-service-${manifest.version}.tgz`;
/** npm packs and installs, on a machine that may be busy. */
const timeout = 600_000;

let directory: TemporaryDirectory;
let empty: string;
/** Packs as a release does: from a clean checkout, with the scripts that build. */
beforeAll(async () => {
  directory = await createTemporaryDirectory("packed");
  const checkout = join(directory.path, "checkout");
  empty = join(directory.path, "empty");
  await mkdir(empty);
  const { stdout } = await runProgram("git", ["ls-files"], { cwd: root, maxBuffer: 10_000_000 });
  for (const file of stdout.trim().split("\n")) {
    await mkdir(dirname(join(checkout, file)), { recursive: true });
    await cp(join(root, file), join(checkout, file));
  }
  await symlink(join(root, "node_modules"), join(checkout, "node_modules"));
  await runProgram("nice", ["npm", "pack", "--pack-destination", directory.path], {
    cwd: checkout,
    timeout,
  });
}, timeout);
afterAll(() => directory.remove());

/** With a cache of its own, which has what npm has downloaded before, but nothing that npx has installed. */
async function prepareNpx() {
  const { stdout } = await runProgram("npm", ["config", "get", "cache"]);
  const cache = join(directory.path, "npm-cache");
  await mkdir(cache, { recursive: true });
  await mkdir(join(stdout.trim(), "_cacache"), { recursive: true });
  await symlink(join(stdout.trim(), "_cacache"), join(cache, "_cacache"));
  return { ...process.env, npm_config_cache: cache, npm_config_prefer_offline: "true" };
}

describe("the packed package", () => {
  it("has the docs, the sample configuration, the notices, and the SBOM", async () => {
    const { stdout } = await runProgram("tar", ["tzf", join(directory.path, fileName)]);
    const packed = stdout.trim().split("\n");
    const docs = await readdir(join(root, "docs"), { recursive: true });
    expect(packed).toEqual(
      expect.arrayContaining(
        [
          ...docs.filter((file) => file.endsWith(".md")).map((file) => `docs/${file}`),
          ...["CHANGELOG.md", "LICENSE", "README.md", "THIRD_PARTY_NOTICES", "sbom.cdx.json"],
          ...["config-sample.yaml", "openapi.json", "dist/main.js", "dist/types/library.d.ts"],
        ].map((file) => `package/${file}`),
      ),
    );
    expect(packed.filter((file) => /\.(map|tgz|test\.ts)$|\/src\//.test(file))).toEqual([]);
  });

  it("is not for git", async () => {
    const { stdout } = await runProgram("git", ["check-ignore", fileName], { cwd: root });
    expect(stdout.trim()).toBe(fileName);
  });

  it(
    "runs with npx in an empty folder",
    async () => {
      const env = await prepareNpx();
      const npx = ["--yes", `--package=${join(directory.path, fileName)}`, "ice-service"];
      const { stdout } = await runProgram("npx", [...npx, "--version"], {
        cwd: empty,
        env,
        timeout,
      });
      expect(stdout.trim()).toBe(manifest.version);

      const port = await findFreePort();
      const service = startProcess({
        name: "npx ice-service",
        command: "npx",
        args: [...npx, "serve", "--dev"],
        cwd: empty,
        env: { ...env, ICE_PORT: String(port) },
        readyTimeoutMs: timeout,
      });
      try {
        const token = await service.untilReady(() => /ice_[\w-]{20,}/.exec(service.stdout())?.[0]);
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/ice-servers`, {
          headers: { Authorization: `Bearer ${token}` },
        });
        expect(response.status).toBe(200);
        expect(await response.text()).toContain('"credential"');
      } finally {
        await service.stop("SIGINT");
      }
      expect(await readdir(empty)).toEqual([]);
    },
    timeout,
  );
});
