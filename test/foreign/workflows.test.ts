import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { findGoTool } from "./go-tools.js";

const folder = join(import.meta.dirname, "../../.github/workflows");

describe(".github/workflows", () => {
  it.each(readdirSync(folder))("%s passes actionlint", async (file) => {
    // Other linters that it would run, if they are installed, are not pinned here.
    const others = ["-shellcheck=", "-pyflakes="];
    const { stdout } = await runProgram(findGoTool("actionlint"), [...others, join(folder, file)]);
    expect(stdout).toBe("");
  });
});
