import { mkdir, readdir, readFile, stat, symlink } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkReplaceable, replaceFile } from "../../src/files/replace-file.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

let directory: TemporaryDirectory;
let file: string;
beforeEach(async () => {
  directory = await createTemporaryDirectory("replace");
  file = await directory.write("a.secret", "old");
});
afterEach(() => directory.remove());

describe("replaceFile", () => {
  it("puts another file in its place, with the mode that is asked for", async () => {
    const { ino } = await stat(file);
    replaceFile(file, "new", { mode: 0o640 });
    expect(await readFile(file, "utf8")).toBe("new");
    const after = await stat(file);
    expect(after.mode).toBe(0o100640);
    expect(after.ino).not.toBe(ino);
    expect(await readdir(directory.path)).toEqual(["a.secret"]);
  });

  it("makes a file that is not there", async () => {
    replaceFile(`${directory.path}/b.secret`, "new", { mode: 0o600 });
    expect(await readFile(`${directory.path}/b.secret`, "utf8")).toBe("new");
  });

  it("writes over what a crash has left, and through no link", async () => {
    const other = await directory.write("other", "other");
    await symlink(other, `${file}.tmp`);
    replaceFile(file, "new", { mode: 0o600 });
    expect(await readFile(file, "utf8")).toBe("new");
    expect(await readFile(other, "utf8")).toBe("other");
  });

  it("leaves the file as it was when it fails", async () => {
    await mkdir(`${file}.tmp`);
    expect(() => replaceFile(file, "new", { mode: 0o600 })).toThrow(/EISDIR/i);
    expect(() => checkReplaceable(file, { mode: 0o600 })).toThrow(/EISDIR/i);
    expect(await readFile(file, "utf8")).toBe("old");
  });
});

describe("checkReplaceable", () => {
  it("changes nothing", async () => {
    checkReplaceable(file, { mode: 0o600 });
    expect(await readFile(file, "utf8")).toBe("old");
    expect(await readdir(directory.path)).toEqual(["a.secret"]);
  });
});
