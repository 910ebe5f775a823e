import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DiskFiles } from "../../src/files/disk-files.js";
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

let directory: TemporaryDirectory;
let pipe: string;
beforeAll(async () => {
  directory = await createTemporaryDirectory("disk-files");
  pipe = join(directory.path, "pipe");
  await runProgram("mkfifo", [pipe]);
});
afterAll(() => directory.remove());

describe("DiskFiles", () => {
  // To open it would block until somebody writes to it.
  it("refuses a pipe, and remembers that it was asked for", () => {
    const files = new DiskFiles();
    expect(() => files.read(pipe, 100)).toThrow(expect.objectContaining({ code: "ENOTFILE" }));
    expect(files.versions.has(pipe)).toBe(true);
  });

  // docker/compose#9648, #10783: the mode of these files is not the operator's to choose.
  it("knows a secret that Docker has mounted, by each name and through a link", async () => {
    await mkdir("/run/secrets", { recursive: true });
    const mounted = await mkdtemp("/run/secrets/ice-test-");
    try {
      const file = join(mounted, "turn.secret");
      await writeFile(file, "secret", { mode: 0o444 });
      const link = join(directory.path, "link");
      await symlink(file, link);
      for (const name of [file, link, file.replace("/run/", "/run/../run/")]) {
        expect(new DiskFiles().read(name, 100).isContainerSecret).toBe(true);
      }
      expect(new DiskFiles().read("/run/secrets/../../etc/hostname", 100).isContainerSecret).toBe(
        false,
      );
    } finally {
      await rm(mounted, { recursive: true });
    }
  });
});
