import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const folder = resolve(import.meta.dirname, "../../.github/workflows");
const workflow = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.looseObject({
      needs: z.string().optional(),
      uses: z.string().optional(),
      steps: z.array(z.looseObject({ uses: z.string().optional() })).default([]),
    }),
  ),
});
const workflows = readdirSync(folder).map((file) => {
  const text = readFileSync(resolve(folder, file), "utf8");
  return { file, text, ...workflow.parse(parse(text)) };
});

describe.each(workflows)(".github/workflows/$file", ({ text, permissions, jobs }) => {
  it("gives no right to write by default", () => {
    expect(Object.values(permissions)).not.toContain("write");
  });

  it("pins each action by its commit, and names its version", () => {
    const used = [...text.matchAll(/uses: (?!\.\/)(.*)$/gm)].map(([, action]) => action);
    const all = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    expect(used).toHaveLength(all.length);
    for (const action of used) {
      expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });
});

describe("release.yml", () => {
  const jobs = workflows.find(({ file }) => file === "release.yml")?.jobs ?? {};

  it("publishes nothing before the gate has passed", () => {
    expect(jobs["gate"]?.uses).toBe("./.github/workflows/ci.yml");
    const needs = Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.needs]));
    expect(needs).toEqual({ check: undefined, gate: "check", image: "gate", publish: "image" });
  });
});
