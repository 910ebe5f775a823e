import { describe, expect, it } from "vitest";
import { takePlainItems } from "../../src/config/plain-items.js";
import { YamlTextError } from "../../src/config/yaml-faults.js";
import { parseYamlList } from "../../src/config/yaml-list.js";
import { parseYamlText } from "../../src/config/yaml-text.js";

const maxParts = 100_000;

function outcomeOf(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (error instanceof YamlTextError) {
      const { faults, omittedCount } = error;
      return { faults, omittedCount };
    }
    throw error;
  }
}
const readFast = (text: string) => outcomeOf(() => parseYamlList(text, "list", maxParts));
const readSlowly = (text: string) => outcomeOf(() => parseYamlText(text, maxParts));
/** Which items the YAML parser need not look at. */
const plainIn = (text: string) =>
  takePlainItems(text, "list", maxParts)?.items.map((item) => item !== undefined);

describe("parseYamlList takes as plain, and reads as YAML,", () => {
  it.each<[what: string, item: string]>([
    ["plain texts", "- a: b\n  c: d e-f/g@h.i+j"],
    ["texts in quotes", "- a: \"b 'c\"\n  d: 'e # f: g'".replace("'c", "c")],
    ["an empty text in quotes", '- a: ""'],
    ["colons in a word", "- a: sha256:00ff"],
    ["dates", "- a: 2030-01-31\n  b: 2030-01-31T12:00:00Z\n  c: 2030-01-31T12:00:00.5+02:00"],
    ["what begins with digits", "- a: 550e8400-e29b-41d4-a716-446655440000"],
    ["letters of any script", '- a: "zweites Tor äöü 日本 \u{1f600}"'.replace("\u{1f600}", "")],
    ["comments", "- a: b # c\n# d\n\n  e: f\n  # g"],
    ["more spaces", "-   a:   b  \n    c: d"],
    ["carriage returns", '- a: b\r\n  c: "d"\r'],
  ])("%s", (_, item) => {
    const text = `list:\n${item}\n- z: y\n`;
    expect(plainIn(text)).toEqual([true, true]);
    expect(readFast(text)).toEqual(readSlowly(text));
    expect(readFast(text)).toMatchObject({ list: [{}, { z: "y" }] });
  });

  it.each<[what: string, text: string]>([
    ["a deeper list", "list:\n    - a: b\n      c: d\n    - a: e\nother: [1]\n"],
    ["comments and an explicit document", "# a\n\n---\n# b\nlist: # c\n  # d\n\n  - a: b\n..."],
    ["a list without a last line break", 'list:\n- a: b\n- c: "d"'],
    ["a list with another key behind", "list:\n- a: b\nother: c\n"],
  ])("%s", (_, text) => {
    expect(plainIn(text)).not.toContain(false);
    expect(readFast(text)).toEqual(readSlowly(text));
    expect(readFast(text)).not.toHaveProperty("faults");
  });
});

describe("parseYamlList leaves to the YAML parser, and reads as it does,", () => {
  it.each<[what: string, item: string]>([
    ["a number", "- a: 1"],
    ["other numbers", "- a: 0x1F\n  b: 1e5\n  c: 1.5\n  d: 0o17"],
    ["a boolean", "- a: true"],
    ["null", "- a: null\n  b: ~\n  c:"],
    ["an escape", '- a: "b\\nc"'],
    ["a doubled quote", "- a: 'b''c'"],
    ["a flow mapping", "- { a: b, c: [d] }"],
    ["a flow mapping over two lines", "- { a: b,\n    c: d }"],
    ["a text over two lines", "- a: b\n    c"],
    ["a text in quotes over two lines", '- a: "b\n    c"'],
    ["a block scalar", "- a: |\n    b: c\n    - d: e\n\n    # f\n  g: h"],
    ["a block scalar that keeps its end", "- a: |+\n    b\n\n\n"],
    ["a mapping in a mapping", "- a:\n    b: c"],
    ["a list in a list", "- - a: b\n  - c: d"],
    ["a key twice", "- a: b\n  a: c"],
    ["keys at different columns", "- a: b\n   c: d"],
    ["a key in quotes", '- "a": b'],
    ["a tag", "- a: !!str 1"],
    ["an anchor", "- a: &x b\n- a: *x"],
    ["an unknown alias", "- a: *x"],
    ["an open quote", '- a: "b'],
    ["an open bracket", "- [a, b"],
    ["an open brace with entries behind", "- { a: b"],
    ["a colon too many", "- a: b: c"],
    ["an empty item", "-"],
    ["a tab", "- a: b\t# c"],
    ["a line that is no entry", "- a: b\nc"],
    ["an end of the document inside", "- a: b\n...\n- c: d"],
    ["a second document", "- a: b\n---\nlist: []"],
    ["the list twice", "- a: b\nlist:\n- c: d"],
    ["less indentation", "- a: b\n - c: d"],
  ])("%s", (_, item) => {
    const plain = "- y: z\n  x: w\n";
    for (const indent of ["", "  "]) {
      const indented = item.replaceAll(/^/gm, indent);
      for (const [before, after] of [
        ["", ""],
        [plain, ""],
        ["", plain],
        [plain.repeat(3), plain.repeat(3)],
      ] as const) {
        const around = (text: string) => text.replaceAll(/^(?=.)/gm, indent);
        const text = `list:\n${around(before)}${indented}\n${around(after)}`;
        expect(readFast(text)).toEqual(readSlowly(text));
      }
    }
  });

  it.each(
    [
      [
        "",
        "[]",
        "list",
        "list: []",
        "list: [a]",
        "- a: b",
        "list:\n\n# none\n",
        "other: a\nlist:\n- a: b",
      ],
      ["%YAML 1.1\n---\nlist:\n- a: yes\n", "\t\nlist:\n- a: b\n", '"list":\n- a: b\n'],
    ].flat(),
  )("%j", (text) => {
    expect(readFast(text)).toEqual(readSlowly(text));
  });
});

describe("parseYamlList reads JSON", () => {
  const value = { list: [{ a: 'b\\"\u00e4\n', c: [1, true, null] }, {}], "d:": { 'e"': ":" } };

  it.each([0, 2, "\t"])("indented by %j", (indent) => {
    expect(readFast(`\n${JSON.stringify(value, undefined, indent)}\n`)).toEqual(value);
  });

  it.each<[what: string, text: string]>([
    ["a key twice", '{"list":[],"list":[{}]}'],
    ["a key twice, escaped", '{"list":[],"l\\u0069st":[{}]}'],
    ["what is only YAML", '{"list":[a,],}'],
    ["an open brace", '{"list":[]'],
    ["many levels", `{"list":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
  ])("no further than it is: %s", (_, text) => {
    expect(readFast(text)).toEqual(readSlowly(text));
  });
});

describe("parseYamlList", () => {
  it("tells the lines of faults, however many entries are not looked at before", () => {
    const entries = (count: number) => '  - a: b\n    c: "d"\n'.repeat(count);
    const text = `# x\nlist:\n${entries(1000)}  - a: "b\n${entries(1000)}  - { a: b\n${entries(10)}`;
    const linesOf = (few: number) => {
      const { faults } = Object(outcomeOf(() => parseYamlList(text, "list", few)));
      return new Set(faults.map(({ line }: { line: number }) => line));
    };
    // As the whole text says it, as far as one can look at all of it.
    expect(linesOf(10_000)).toEqual(new Set([2003, 4005]));
    expect(linesOf(maxParts)).toEqual(new Set([2003, 4005]));
  });

  it("bounds the entries, common or not", () => {
    const tooLarge = { faults: [expect.objectContaining({ code: "TOO_LARGE" })], omittedCount: 0 };
    expect(readFast(`list:\n${"- a: b\n".repeat(maxParts + 1)}`)).toEqual(tooLarge);
    expect(readFast(`list:\n${"- 1\n".repeat(maxParts + 1)}`)).toEqual(tooLarge);
  });
});
