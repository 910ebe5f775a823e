import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { absentVersion, DiskFiles } from "../../src/files/disk-files.js";
import { FileReadError } from "../../src/files/files.js";
import { HandedFiles } from "../../src/files/handed-files.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await createTemporaryDirectory("disk-files");
  await directory.write("a", "one", 0o640);
  await symlink("a", join(directory.path, "link"));
  await symlink("/proc/kallsyms", join(directory.path, "endless"));
});
afterAll(() => directory.remove());

const fileOf = (name: string) => join(directory.path, name);

describe("DiskFiles", () => {
  it("reads a file, and remembers what it was", () => {
    const files = new DiskFiles();
    const image = files.read(fileOf("a"), 3);
    expect(Buffer.from(image.bytes).toString()).toBe("one");
    expect(image.mode & 0o777).toBe(0o640);
    expect(image.isContainerSecret).toBe(false);
    expect(new HandedFiles(files).read(fileOf("a"), 3)).toEqual(image);
    expect(files.versions.get(fileOf("a"))).toMatch(/^\d+:\d+:3:/);
  });

  it.each<[what: string, file: string, isOne: boolean]>([
    ["a file of a Kubernetes volume", "volume/turn.secret", true],
    ["the version that it leads to", "volume/..2026_11_29/turn.secret", true],
    ["a file in a folder of the volume", "volume/folder/turn.secret", true],
    ["a link to a file of the volume", "volume-link", true],
    ["an earlier version of the volume", "volume/..2026_11_28/turn.secret", false],
    ["another link", "link", false],
    ["a file in a directory named ..data", "plain/..data/turn.secret", false],
  ])("knows a secret that a container runtime has mounted: %s", async (_, name, isOne) => {
    for (const folder of ["volume/..2026_11_28", "volume/..2026_11_29/folder", "plain/..data"]) {
      await mkdir(fileOf(folder), { recursive: true });
    }
    for (const file of [
      "volume/..2026_11_28/turn.secret",
      "volume/..2026_11_29/turn.secret",
      "volume/..2026_11_29/folder/turn.secret",
      "plain/..data/turn.secret",
    ]) {
      await directory.write(file, "one");
    }
    for (const [target, link] of [
      ["..2026_11_29", "volume/..data"],
      ["..data/turn.secret", "volume/turn.secret"],
      ["..data/folder", "volume/folder"],
      ["volume/turn.secret", "volume-link"],
    ] as const) {
      await symlink(target, fileOf(link)).catch(() => {});
    }
    expect(new DiskFiles().read(fileOf(name), 3).isContainerSecret).toBe(isOne);
  });

  it.each([
    ["longer than allowed", "a", 2, "ETOOLARGE"],
    ["not there", "absent", 100, "ENOENT"],
    ["a directory", ".", 100, "ENOTFILE"],
    ["without end, though its size is 0", "endless", 100, "ETOOLARGE"],
  ])(
    "refuses a file that is %s, and remembers that it was asked for",
    (_, name, maxBytes, code) => {
      const files = new DiskFiles();
      const read = () => files.read(fileOf(name), maxBytes);
      expect(read).toThrow(FileReadError);
      expect(read).toThrow(expect.objectContaining({ code }));
      expect(files.versions.has(fileOf(name))).toBe(true);
      expect(() => new HandedFiles(files).read(fileOf(name), maxBytes)).toThrow(FileReadError);
    },
  );

  it("knows the version of a file that is not there", () => {
    const files = new DiskFiles();
    expect(() => files.read(fileOf("absent"), 1)).toThrow(FileReadError);
    expect(files.versions.get(fileOf("absent"))).toBe(absentVersion);
  });
});
