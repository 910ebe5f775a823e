import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(resolve(root, file), "utf8");
const dockerfile = read("Dockerfile");

// What the image does is tested in test/foreign/image.
describe("Dockerfile", () => {
  it("leaves out of the context what the build does not copy", () => {
    const kept = read(".dockerignore").trim().split("\n");
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(
      ([, sources = ""]) => sources.split(" "),
    );
    expect(kept.sort()).toEqual(["*", ...copied.map((file) => `!${file}`)].sort());
  });

  it("copies the packages that the bundle leaves outside, and no other", () => {
    const [, named = ""] =
      /\$\(node deploy\/runtime-packages\.mjs ([^)]*)\)/.exec(dockerfile) ?? [];
    expect(read("rolldown.config.ts")).toContain(
      `external: ${JSON.stringify(named.split(" ")).replace(",", ", ")}`,
    );
  });

  it("uses a Node for production, and the one that is given, in both stages", () => {
    const [, major] = /^ARG NODE_IMAGE=node:(\d+)-slim$/m.exec(dockerfile) ?? [];
    expect(Number(major)).toBeGreaterThanOrEqual(22);
    const bases = [...dockerfile.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)];
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the Dockerfile's own syntax
    expect(bases.map(([, base]) => base)).toEqual(["${NODE_IMAGE}", "${NODE_IMAGE}"]);
  });
});
