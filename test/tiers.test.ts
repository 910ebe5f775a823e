import { existsSync, readdirSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readImports } from "./parts/source-imports.js";
import { findTier, type Tier } from "./tiers.js";

const here = import.meta.dirname;
const sources = resolve(here, "../src");
const starters = /^(node:)?(child_process|cluster)$|^playwright-core$/;

const testsOf = (tier: Tier) =>
  readdirSync(here, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && findTier(file) === tier)
    // It starts programs, to see that it cannot.
    .filter((file) => file !== "parts/refuse-programs.test.ts");

/**
 * Why a test is no unit test: the way from it to the first import that starts programs, or to the
 * first file that names the build. What src starts is not looked for here; in a unit test it throws.
 */
function findReason(test: string): string | undefined {
  const reached = new Map([[resolve(here, test), test]]);
  for (const [file, way] of reached) {
    const imports = readImports(file);
    const starter = imports.find((imported) => starters.test(imported));
    if (starter !== undefined) {
      return `${way} > ${starter}`;
    }
    if (/\bdist(\/|")/.test(readFileSync(file, "utf8"))) {
      return `${way} > the build`;
    }
    for (const next of imports.filter((imported) => existsSync(imported))) {
      if (!next.startsWith(sources) && !reached.has(next)) {
        reached.set(next, `${way} > ${relative(here, next)}`);
      }
    }
  }
  return undefined;
}

describe.each(["unit", "integration"] as const)("the %s tests", (tier) => {
  it("start no program and need no build; those that do are named *.system.test.ts", () => {
    expect(testsOf(tier)).not.toEqual([]);
    expect(testsOf(tier).map(findReason).filter(Boolean)).toEqual([]);
  });
});

describe("the system tests", () => {
  it("start programs or need the build; those that do not are named *.test.ts", () => {
    expect(testsOf("system").filter((test) => findReason(test) === undefined)).toEqual([]);
  });
});
