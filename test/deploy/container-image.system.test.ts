import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, cp, mkdir, readdir, symlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram, startProcess } from "../parts/child-process.js";
import { findFreePort } from "../parts/free-port.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const root = resolve(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(resolve(root, file), "utf8");
const [build = "", image = ""] = read("Dockerfile")
  .split(/^(?=FROM .*\n)/m)
  .filter((stage) => stage.startsWith("FROM"));
const instructions = (stage: string, name: string) =>
  [...stage.matchAll(new RegExp(`^${name} (.*)$`, "gm"))].map(([, value = ""]) => value);

let directory: TemporaryDirectory;
let app: string;

/** Does what the build stage does; the packages are those of this very checkout. */
beforeAll(async () => {
  directory = await createTemporaryDirectory("image");
  const buildFolder = `${directory.path}/build`;
  app = `${directory.path}/app`;
  await mkdir(buildFolder);
  for (const copy of instructions(build, "COPY")) {
    const sources = copy.split(" ");
    const target = sources.pop() ?? "";
    for (const source of sources) {
      const place = target.endsWith("/") ? `${target}${source.split("/").at(-1)}` : target;
      await mkdir(dirname(resolve(buildFolder, place)), { recursive: true });
      await cp(resolve(root, source), resolve(buildFolder, place), { recursive: true });
    }
  }
  await symlink(resolve(root, "node_modules"), `${buildFolder}/node_modules`);
  const [install, ...commands] = instructions(build, "RUN");
  expect(install).toMatch(/^npm ci /);
  for (const command of commands) {
    const here = command.replaceAll("/app", app);
    await runProgram("bash", ["-euo", "pipefail", "-c", here], { cwd: buildFolder });
  }
}, 60_000);
afterAll(() => directory.remove());

describe("Dockerfile", () => {
  it("leaves out of the context what the build stage does not copy", () => {
    const kept = read(".dockerignore").trim().split("\n");
    const copied = instructions(build, "COPY").flatMap((copy) => copy.split(" ").slice(0, -1));
    expect(kept.sort()).toEqual(["*", ...copied.map((file) => `!${file}`)].sort());
  });

  it("copies the packages that the bundle leaves outside, and no other", async () => {
    const named =
      /\$\(node deploy\/runtime-packages\.mjs ([^)]*)\)/.exec(build)?.[1]?.split(" ") ?? [];
    expect(read("rolldown.config.ts")).toContain(
      `external: ${JSON.stringify(named).replace(",", ", ")}`,
    );
    const present = await readdir(`${app}/node_modules`);
    expect(present).toEqual(expect.arrayContaining(named));
    expect(present).not.toContain("typescript");
    expect(present).not.toContain("zod");
  });
});

describe("the image's Node", () => {
  it("is one for production", () => {
    expect(instructions(image, "FROM")).toEqual([`$\{NODE_IMAGE}`]);
    const [, major] = /^ARG NODE_IMAGE=node:(\d+)-slim$/m.exec(read("Dockerfile")) ?? [];
    expect(Number(major)).toBeGreaterThanOrEqual(22);
  });
});

describe("the image's files, read-only and as a user who owns none", () => {
  it("serve, answer the health check, and stop", async () => {
    expect(instructions(image, "USER")).toEqual(["65532:65532"]);
    await chmod(directory.path, 0o755);
    await runProgram("chmod", ["-R", "a-w,a+rX", app]);
    // Only root can become another user; for anybody else, the files are read-only all the same.
    const user =
      process.getuid?.() === 0 ? ["--reuid=65532", "--regid=65532", "--clear-groups"] : [];
    const inUser = [...user, "--no-new-privs", "--", process.execPath, `${app}/dist/main.js`];

    const { stdout } = await runProgram("setpriv", [...inUser, "--version"], { cwd: "/" });
    expect(stdout.trim()).toBe(JSON.parse(read("package.json")).version);

    const port = await findFreePort();
    const service = startProcess({
      name: "the image's program",
      command: "setpriv",
      args: [...inUser, "serve", "--dev"],
      cwd: "/",
      env: { ICE_PORT: String(port) },
    });
    try {
      await service.untilReady(() => (service.stdout().includes("curl") ? true : undefined));
      expect(await checkHealth(port)).toBe(0);
      expect(await checkHealth(await findFreePort())).toBe(1);
    } finally {
      expect(await service.stop("SIGTERM")).toBe(0);
    }
  });
});

/** Runs the image's HEALTHCHECK; 0 is healthy. */
async function checkHealth(port: number): Promise<number> {
  const [, json = ""] = /HEALTHCHECK .*CMD (\[.*\])$/m.exec(image) ?? [];
  const [node, ...args]: string[] = JSON.parse(json);
  expect(node).toBe("node");
  const child = spawn(process.execPath, args, { env: { ICE_PORT: String(port) } });
  const [code] = await once(child, "exit");
  return code;
}
