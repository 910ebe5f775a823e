import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDenyListFile } from "../../src/authentication/deny-list-file.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import { problemsOf } from "../config-problems.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await createTemporaryDirectory("deny-list");
});
afterAll(() => directory.remove());

const read = async (content: string) => {
  const file = await directory.write("deny.yaml", content);
  return () => readDenyListFile(file, new DiskFiles());
};

describe("readDenyListFile", () => {
  it.each([
    ["its id", { issuer: "https://a", subject: "bob", id: "t1" }, true],
    ["its id, of this issuer", { issuer: "https://a", subject: "bob", id: "t2" }, true],
    ["the same id of another issuer", { issuer: "https://b", subject: "bob", id: "t2" }, false],
    ["its subject", { issuer: "https://b", subject: "eve", id: undefined }, true],
    ["its subject, of this issuer", { issuer: "https://a", subject: "mallory", id: "t9" }, true],
    ["the same subject of another", { issuer: "https://b", subject: "mallory", id: "t9" }, false],
    ["nothing of it", { issuer: "https://a", subject: "bob", id: "t9" }, false],
    ["a subject with the name of an id", { issuer: "https://a", subject: "t1", id: "t9" }, false],
  ])("looks at a token when %s stands there", async (_, token, expected) => {
    const isDenied = (
      await read(`deny:
  - jti: t1
  - { jti: t2, issuer: "https://a" }
  - subject: eve
  - { subject: mallory, issuer: "https://a" }
`)
    )();
    expect(isDenied(token)).toBe(expected);
  });

  it.each([
    ["an empty file", "", /contains no list named deny/],
    ["a list without its name", "- jti: a\n", /contains no list named deny/],
    ["an entry with both", "deny: [{ jti: a, subject: b }]", /deny\[0\]/],
    ["an entry without either", "deny: [{ jti: a }, { issuer: b }]", /deny\[1\]/],
    ["an empty subject", 'deny: [{ subject: "" }]', /deny\[0\]/],
    ["a number", "deny: [{ subject: 12 }]", /deny\[0\]/],
  ])("refuses %s", async (_, content, problem) => {
    expect(problemsOf(await read(content))).toEqual([
      {
        key: "auth.denyListFile",
        problem: expect.stringMatching(problem),
        fix: expect.stringContaining("deny:"),
      },
    ]);
  });

  it("denies nothing when its last entry has been removed", async () => {
    const isDenied = (await read("deny:\n"))();
    expect(isDenied({ issuer: "https://a", subject: "bob", id: "t1" })).toBe(false);
  });

  it("refuses an issuer that no configured one can equal", async () => {
    const content = 'deny: [{ jti: a, issuer: "https://a" }, { jti: a, issuer: "https://a " }]';
    expect(problemsOf(await read(content))).toEqual([
      expect.objectContaining({
        problem: expect.stringMatching(
          /deny\[1\]\.issuer in .* ends with white space \(U\+0020\)$/,
        ),
      }),
    ]);
  });

  it("takes subjects as tokens may have them", async () => {
    const isDenied = (await read('deny: [{ subject: "eve " }]'))();
    expect(isDenied({ issuer: "https://a", subject: "eve ", id: undefined })).toBe(true);
  });

  it("tells where the YAML is broken, as for other files", async () => {
    expect(problemsOf(await read("deny:\n  - [\n"))).toEqual([
      expect.objectContaining({
        key: "auth.denyListFile",
        problem: expect.stringMatching(/is not valid YAML at line 3, column 1/),
      }),
    ]);
  });
});
