import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const root = resolve(import.meta.dirname, "..");
const readRoot = (file: string) => readFileSync(resolve(root, file), "utf8");

const workflowSchema = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({
      "timeout-minutes": z.number(),
      strategy: z.object({ matrix: z.object({ node: z.array(z.string()) }) }).optional(),
      container: z.object({ image: z.string() }).optional(),
      steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })),
    }),
  ),
});

describe(".github/workflows/ci.yml", () => {
  const text = readRoot(".github/workflows/ci.yml");
  // Parsing it also sees to a time limit for each job.
  const { permissions, jobs } = workflowSchema.parse(parse(text));
  const { unit, gate } = jobs;
  const commandsOf = (job: typeof unit) => job?.steps.flatMap(({ run }) => run ?? []);

  it("may only read the repository", () => {
    expect(permissions).toEqual({ contents: "read" });
    expect(text).not.toMatch(/pull_request_target|secrets\./);
  });

  it("names each action by its commit, and its version in a comment", () => {
    const uses = [...text.matchAll(/uses: (.*)/g)].map(([, action = ""]) => action);
    expect(uses.length).toBeGreaterThan(0);
    expect(
      uses.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)),
    ).toEqual([]);
  });

  it("runs the gate as root on Debian", () => {
    expect(commandsOf(gate)?.at(-1)).toBe(".ci/run");
    expect(gate?.container?.image).toMatch(/^node:\d+-(bookworm|trixie)$/);
  });

  it("runs the unit tests without root, from the oldest Node that package.json allows", () => {
    expect(commandsOf(unit)).toEqual([
      "npm ci --no-audit --no-fund",
      "npm run test:unit",
      "npm run test:integration",
    ]);
    expect(unit?.container).toBeUndefined();
    const { engines } = z
      .object({ engines: z.object({ node: z.string() }) })
      .parse(JSON.parse(readRoot("package.json")));
    expect(engines.node).toBe(`>=${unit?.strategy?.matrix.node[0]}`);
  });
});

it(".editorconfig says the same as biome.json", () => {
  const { formatter } = z
    .object({ formatter: z.object({ indentStyle: z.string(), lineWidth: z.number() }) })
    .parse(JSON.parse(readRoot("biome.json")));
  const [, all = ""] = /^\[\*\]\n(.*?)\n\n/ms.exec(readRoot(".editorconfig")) ?? [];
  const settings = Object.fromEntries(all.split("\n").map((line) => line.split(" = ")));
  expect(settings).toMatchObject({
    indent_style: formatter.indentStyle,
    max_line_length: String(formatter.lineWidth),
    // Biome's own, where biome.json says nothing.
    indent_size: "2",
    end_of_line: "lf",
  });
});

it("RELEASING.md lists the owners of .github/CODEOWNERS as placeholders", () => {
  const owners = readRoot(".github/CODEOWNERS").match(/(?<=\s)@\S+/g) ?? [];
  expect(owners).not.toEqual([]);
  for (const owner of owners) {
    expect(readRoot("RELEASING.md")).toContain(`| \`${owner}\``);
  }
});
