import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const root = resolve(import.meta.dirname, "..");
const readRoot = (file: string) => readFileSync(resolve(root, file), "utf8");

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...["clients", "docs", "test", "deploy"].flatMap((folder) =>
    readdirSync(resolve(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md") && !/node_modules|\.venv|target\//.test(name))
      .map((name) => `${folder}/${name}`),
  ),
];

/** The anchors that GitHub gives the headings of a document. */
function listAnchors(file: string): string[] {
  return [...readRoot(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

describe.each(documents)("%s", (document) => {
  it("links to files and headings that exist", () => {
    const links = [...readRoot(document).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    const broken = links.filter(([, path = "", anchor]) => {
      const target =
        path === "" ? document : relative(root, resolve(root, dirname(document), path));
      return (
        !existsSync(resolve(root, target)) ||
        (anchor !== undefined && !listAnchors(target).includes(anchor))
      );
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

/** The cells of the table rows below a heading, without the head. */
function readTable(file: string, heading: string): string[][] {
  const [, section = ""] = readRoot(file).split(`\n## ${heading}\n`);
  const [body = ""] = section.split("\n## ");
  return body
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.split("|").slice(1, -1));
}

const namesIn = (cell: string | undefined) =>
  [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

describe("each promise of SECURITY.md", () => {
  const promises = readTable("SECURITY.md", "What we promise");

  it("is in the table", () => {
    expect(promises.length).toBeGreaterThan(25);
  });

  it.each(promises)("is kept and tested in files that exist: %s", (_, keptIn, testedIn) => {
    const [sources, tests] = [namesIn(keptIn), namesIn(testedIn)];
    expect(sources.length).toBeGreaterThan(0);
    expect(tests.length).toBeGreaterThan(0);
    for (const source of sources) {
      expect(source).toMatch(/^(src|page|deploy)\/|^Dockerfile$/);
      expect(existsSync(resolve(root, source)), source).toBe(true);
    }
    for (const test of tests) {
      expect(test).toMatch(/^test\/.*\.test\.ts$/);
      expect(existsSync(resolve(root, test)), test).toBe(true);
    }
  });
});

describe("the source files that the documents of developers name", () => {
  const developers = documents.filter((name) =>
    /^(CONTRIBUTING|docs\/architecture|docs\/decisions)/.test(name),
  );
  const sources = readdirSync(resolve(root, "src"), { recursive: true, encoding: "utf8" });

  it.each(developers)("exist: %s", (document) => {
    // In text and in diagrams. Links have a test of their own, and KIND stands for the name of a new feature.
    const text = readRoot(document).replace(/\]\([^)]*\)/g, "");
    const named = text.match(/[\w/.-]+\.(ts|proto)\b/g) ?? [];
    const missing = named.filter(
      (name) =>
        !name.includes("KIND") &&
        !existsSync(resolve(root, name)) &&
        !sources.some((source) => `/${source}`.endsWith(`/${name}`)),
    );
    expect(missing).toEqual([]);
  });
});

describe("test/README.md", () => {
  it("names each file of test/parts once, and no other", () => {
    const [, parts = ""] = readRoot("test/README.md").split("\n## Parts\n");
    const described = namesIn(parts).filter((name) => /^[\w-]+\.\w+$/.test(name));
    const files = readdirSync(resolve(root, "test/parts")).filter(
      (name) => !/\.test\.ts$/.test(name),
    );
    expect(described.sort()).toEqual(files.sort());
  });
});

describe("the commands that the documents of developers name", () => {
  const scripts = Object.keys(
    z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readRoot("package.json"))).scripts,
  );

  it.each(documents)("exist: %s", (document) => {
    const text = readRoot(document);
    const unknown = [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !scripts.includes(name));
    expect(unknown).toEqual([]);
    const missing = [...text.matchAll(/npx vitest run (?:--\S+ )*(test\/[\w./-]+)/g)]
      .map(([, path = ""]) => path.replace(/\.$/, ""))
      .filter((path) => !path.includes("NAME") && !existsSync(resolve(root, path)));
    expect(missing).toEqual([]);
  });
});
