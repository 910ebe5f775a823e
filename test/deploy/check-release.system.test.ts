import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const root = resolve(import.meta.dirname, "../..");
const script = join(root, "deploy/check-release.mjs");
const failure = z.object({ code: z.literal(1), stderr: z.string() });
const placeholders = /example\.com|@example\/|com\.example/g;

let directory: TemporaryDirectory;
let version: string;
/** The files of a release without problems. */
beforeAll(async () => {
  directory = await createTemporaryDirectory("release");
  for (const file of [
    ...["package.json", "package-lock.json", "CHANGELOG.md", ".github/CODEOWNERS"],
    ...["deploy/helm/ice-service/Chart.yaml", "proto/ice/v1/ice_service.proto"],
  ]) {
    await mkdir(dirname(join(directory.path, file)), { recursive: true });
    await cp(join(root, file), join(directory.path, file));
  }
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  version = z.string().parse(manifest.version);
  await directory.write("package.json", JSON.stringify({ ...manifest, repository: "r" }));
  for (const file of [".github/CODEOWNERS", "proto/ice/v1/ice_service.proto"]) {
    await replace(file, placeholders, "ours");
  }
});
afterAll(() => directory.remove());

async function replace(file: string, from: string | RegExp, to: string): Promise<() => unknown> {
  const path = join(directory.path, file);
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replaceAll(from, to));
  return () => writeFile(path, text);
}

/** The problems that it finds. */
function check(tag: string): Promise<string> {
  return runProgram("node", [script, tag], { cwd: directory.path }).then(
    () => "",
    (error: unknown) => failure.parse(error).stderr,
  );
}

describe("deploy/check-release.mjs", () => {
  it("accepts a tag that agrees with all files", async () => {
    expect(await check(`v${version}`)).toBe("");
  });

  it("rejects another version in each of them", async () => {
    expect((await check("v9.8.7")).trim().split("\n")).toEqual([
      expect.stringMatching(/^package\.json: version is .*, but the tag is v9\.8\.7/),
      expect.stringMatching(/^package-lock\.json: version is /),
      expect.stringMatching(/^Chart\.yaml: version is /),
      expect.stringMatching(/^Chart\.yaml: appVersion is /),
      expect.stringMatching(/^CHANGELOG\.md: latest version is /),
    ]);
  });

  it("rejects a tag that is no version", async () => {
    expect(await check(`${version}`)).toContain("is not v and a version");
  });

  it.each([
    ["package.json", '"repository":"r"', '"other":"r"', "package.json has no repository"],
    [".github/CODEOWNERS", "ours", "@example/", "CODEOWNERS has a placeholder"],
    ["proto/ice/v1/ice_service.proto", "ours", "com.example", "proto has a placeholder"],
  ])("rejects %s as it is before the first release", async (file, from, to, problem) => {
    const restore = await replace(file, from, to);
    expect(await check(`v${version}`)).toContain(problem);
    await restore();
  });
});
