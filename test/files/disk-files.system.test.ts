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
});
