import { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } from "node:child_process";
import cluster from "node:cluster";
import { afterEach, describe, expect, it } from "vitest";
import { lockFile } from "../../src/files/file-lock.js";
import { takeRefused } from "./refuse-programs.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

afterEach(() => void takeRefused());

describe("in a unit test", () => {
  it.each<[string, () => unknown]>([
    ["spawn", () => spawn("true")],
    ["spawnSync", () => spawnSync("true")],
    ["exec", () => exec("true")],
    ["execSync", () => execSync("true")],
    ["execFile", () => execFile("true")],
    ["execFileSync", () => execFileSync("true")],
    ["fork", () => fork("true")],
    ["cluster.fork", () => cluster.fork()],
  ])("%s throws, and is not forgotten", (_, start) => {
    expect(start).toThrow(/^A unit test must not start a program/);
    expect(takeRefused()).toHaveLength(1);
  });

  it("what src starts throws as well", async () => {
    const directory = await createTemporaryDirectory("refused");
    expect(() => lockFile(`${directory.path}/lock`)).toThrow(/must not start a program \(flock\)/);
    await directory.remove();
  });
});
