import { symlink } from "node:fs/promises";
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
    expect(image.isLink).toBe(false);
    expect(files.read(fileOf("link"), 3).isLink).toBe(true);
    expect(new HandedFiles(files).read(fileOf("a"), 3)).toEqual(image);
    expect(files.versions.get(fileOf("a"))).toMatch(/^\d+:\d+:3:/);
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
