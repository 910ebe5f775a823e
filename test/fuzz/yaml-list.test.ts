import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { YamlTextError } from "../../src/config/yaml-faults.js";
import { parseYamlList } from "../../src/config/yaml-list.js";
import { parseYamlText } from "../../src/config/yaml-text.js";
import { fuzzTimeoutMs, textOf, tryToBreak } from "./property.js";

const maxParts = 10_000;

function outcomeOf(parse: () => unknown): unknown {
  try {
    return { value: parse() };
  } catch (error) {
    if (error instanceof YamlTextError) {
      return { faults: error.faults, omittedCount: error.omittedCount };
    }
    throw error;
  }
}

/** What the two make of a text is the same, to the line and column of each fault. */
function expectTheSame(text: string): void {
  expect(outcomeOf(() => parseYamlList(text, "list", maxParts))).toEqual(
    outcomeOf(() => parseYamlText(text, maxParts)),
  );
}

const plainLines = ["- a: b\n", "  c: d\n", '- e: "f"\n', "  g: 'h'\n", "  - a: b\n", "    c: d\n"];
const oddLines = [
  "- a: 1\n",
  "  b: |\n",
  "    - a: b\n",
  "    c: d\n",
  "- { a: b,\n",
  "    c: d }\n",
  '- a: "b\n',
  '    c"\n',
  "- &x a\n",
  "- *x\n",
  "-\n",
  "- - a\n",
  "  ? a\n",
  "  : b\n",
];
const others = [
  "list:\n",
  "list:",
  "\n",
  "# a\n",
  " # b\n",
  "---\n",
  "...\n",
  "a: b\n",
  "\r\n",
  " ",
  "\t",
];

describe("parseYamlList", { timeout: fuzzTimeoutMs }, () => {
  it("makes of lists what the YAML parser makes of them", async () => {
    const line = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...plainLines) },
      { weight: 2, arbitrary: fc.constantFrom(...oddLines) },
      { weight: 1, arbitrary: fc.constantFrom(...others) },
    );
    const list = fc.array(line, { maxLength: 14 }).map((lines) => `list:\n${lines.join("")}`);
    await tryToBreak(fc.property(list, expectTheSame));
  });

  it("makes of any texts what the YAML parser makes of them", async () => {
    const text = textOf(...plainLines, ...oddLines, ...others);
    await tryToBreak(fc.property(text, (rest) => expectTheSame(`list:\n${rest}`)));
    await tryToBreak(fc.property(text, expectTheSame));
  });

  it("makes of one value what the YAML parser makes of it", async () => {
    const value = textOf(
      ..."abc019.-+_/@:#'\"\\&*!|>%{}[],? \t".split(""),
      "0x",
      "e5",
      "true",
      "null",
    );
    await tryToBreak(
      fc.property(value, (text) => expectTheSame(`list:\n- a: ${text}\n  b: c\n- d: e\n`)),
    );
  });

  it("makes of JSON what the YAML parser makes of it", async () => {
    const json = fc
      .tuple(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(0, 1, 2))
      .map(([value, indent]) => JSON.stringify({ list: value }, undefined, indent));
    await tryToBreak(fc.property(json, expectTheSame));
  });
});
