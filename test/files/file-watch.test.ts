import { rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DiskFiles } from "../../src/files/disk-files.js";
import { FileWatch } from "../../src/files/file-watch.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

let directory: TemporaryDirectory;
let watch: FileWatch;
let changes: number;
beforeEach(async () => {
  directory = await createTemporaryDirectory("file-watch");
  changes = 0;
});
afterEach(async () => {
  watch.close();
  await directory.remove();
});

const fileOf = (name: string) => join(directory.path, name);
const readVersions = (...names: string[]) => {
  const files = new DiskFiles();
  for (const name of names) {
    try {
      files.read(fileOf(name), 100);
    } catch {
      // One that is not there is watched as well.
    }
  }
  return files.versions;
};
const follow = (...names: string[]) => {
  watch = new FileWatch(
    readVersions(...names),
    () => {
      changes += 1;
      watch.follow(readVersions(...names));
    },
    5,
  );
};

describe("FileWatch", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["written", () => directory.write("a", "other")],
    ["written with as many bytes", () => directory.write("a", "eno")],
    ["replaced", async () => rename(await directory.write("b", "one"), fileOf("a"))],
    ["removed", () => rm(fileOf("a"))],
    ["there at last", () => directory.write("later", "one")],
    [
      "a link to another file",
      async () => {
        await directory.write("b", "one");
        await symlink("b", fileOf("link.new"));
        await rename(fileOf("link.new"), fileOf("link"));
      },
    ],
  ])("tells once that a file is %s", async (_, change) => {
    await directory.write("a", "one");
    await symlink("a", fileOf("link"));
    follow("a", "link", "later");
    await change();
    await expect.poll(() => changes).toBe(1);
    await directory.write("a", "the last one");
    await expect.poll(() => changes).toBe(2);
  });

  it("tells nothing of a file that somebody is still writing", async () => {
    await directory.write("a", "");
    follow("a");
    for (let size = 1; size <= 50; size++) {
      await directory.write("a", "x".repeat(size));
    }
    await expect.poll(() => changes).toBeGreaterThan(0);
    // Far fewer times than it was written.
    expect(changes).toBeLessThan(25);
  });
});
