import { execFileSync } from "node:child_process";
import { readdir, symlink } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FlockError, lockFile } from "../../src/files/file-lock.js";
import { startProcess } from "../parts/child-process.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

let directory: TemporaryDirectory;
let file: string;
beforeEach(async () => {
  directory = await createTemporaryDirectory("lock");
  file = `${directory.path}/a.lock`;
});
afterEach(() => {
  vi.unstubAllEnvs();
  return directory.remove();
});

/** A program `flock` that ends in this way. */
async function replaceFlock(script: string): Promise<void> {
  await directory.write("flock", `#!/bin/sh\n${script}\n`, 0o700);
  vi.stubEnv("PATH", `${directory.path}:${process.env["PATH"]}`);
}

describe("lockFile", () => {
  it("gives the lock to one at a time", () => {
    const unlock = lockFile(file);
    expect(unlock).toBeTypeOf("function");
    expect(lockFile(file)).toBeUndefined();
    unlock?.();
    const again = lockFile(file);
    expect(again).toBeTypeOf("function");
    again?.();
  });

  it("leaves nothing behind", async () => {
    lockFile(file)?.();
    expect(await readdir(directory.path)).toEqual([]);
  });

  it("gives the lock of a process that was killed to the next, with the file it left", async () => {
    const holder = startProcess({
      name: "flock",
      command: "flock",
      args: ["-F", file, "sh", "-c", "echo locked; exec sleep 60"],
      cwd: directory.path,
    });
    await holder.untilReady(() => (holder.stdout().includes("locked") ? true : undefined));
    expect(lockFile(file)).toBeUndefined();
    await holder.stop("SIGKILL");
    const unlock = lockFile(file);
    expect(unlock).toBeTypeOf("function");
    unlock?.();
  });

  it("follows no link, and makes no file where one leads", async () => {
    await symlink(`${directory.path}/elsewhere`, file);
    expect(() => lockFile(file)).toThrow(/ELOOP/);
    expect(await readdir(directory.path)).toEqual(["a.lock"]);
  });

  it("does not wait at a pipe that has its name", () => {
    execFileSync("mkfifo", [file]);
    expect(() => lockFile(file)).toThrow(/ENXIO/);
  });

  it.each([
    ["exit 71; echo", "it ended with exit code 71"],
    ["echo 'flock: 3: No locks available' >&2; exit 71", "flock: 3: No locks available"],
    ["kill -KILL $$", "it ended with SIGKILL"],
  ])(
    "throws where flock fails, which is no lock of another process: %s",
    async (script, problem) => {
      await replaceFlock(script);
      expect(() => lockFile(file)).toThrow(new FlockError(problem));
    },
  );

  it("throws where no file can be made", () => {
    expect(() => lockFile(`${directory.path}/missing/a.lock`)).toThrow(/ENOENT/);
  });
});
