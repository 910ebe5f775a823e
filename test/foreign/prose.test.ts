import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { findGoTool } from "./go-tools.js";

const root = join(import.meta.dirname, "../..");

async function run(name: string, ...args: string[]): Promise<string> {
  const { stdout } = await runProgram(name, args, { cwd: root, timeout: 120_000 });
  return stdout;
}

async function listFiles(...patterns: string[]): Promise<string[]> {
  const files = (await run("git", "ls-files", "--", ...patterns)).trim().split("\n");
  expect(files.length).toBeGreaterThan(10);
  return files;
}

/** What Vale, the prose linter, has to say, by .vale.ini: nothing. */
describe("The English", () => {
  it("of the documents has no wording that reads as translated, and no misspelled word", async () => {
    const files = await listFiles("*.md");
    expect(await run(findGoTool("vale"), "--no-exit", "--output=line", ...files)).toBe("");
  });

  it("of comments and help has no such wording", async () => {
    const files = await listFiles("src", "page", "clients", "proto/ice", "bench", "*.yaml");
    const written = files.filter(
      (file) =>
        /\.(?:ts|m?js|proto|yaml|py|go)$/.test(file) && !/\/(?:gen|_generated)\//.test(file),
    );
    expect(await run(findGoTool("vale"), "--no-exit", "--output=line", ...written)).toBe("");
  });

  it("is checked at all", async () => {
    const text = "Whoever has to read teh docs is lost.";
    const found = await run(findGoTool("vale"), "--no-exit", "--output=line", "--ext=.md", text);
    expect(found.match(/IceService\.Verbs|Vale\.Spelling/g)).toEqual([
      "IceService.Verbs",
      "IceService.Verbs",
      "Vale.Spelling",
    ]);
  });
});
