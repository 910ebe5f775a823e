import { describe, expect, it } from "vitest";
import { YamlTextError } from "../../src/config/yaml-faults.js";
import { parseYamlText } from "../../src/config/yaml-text.js";

const maxParts = 100_000;
const quoted = "never-to-be-printed";

/** What is wrong with a text; fails when nothing is. */
function faultsOf(text: string): YamlTextError {
  try {
    parseYamlText(text, maxParts);
  } catch (error) {
    if (error instanceof YamlTextError) {
      return error;
    }
    throw error;
  }
  throw new Error("nothing was wrong");
}

describe("parseYamlText", () => {
  it.each<[string, unknown]>([
    ["", null],
    ["# nothing", null],
    ["a: 1\nb: [x, { c: ~ }]", { a: 1, b: ["x", { c: null }] }],
    ["---\na: 1\n...\n", { a: 1 }],
    ["a: &x [1]\nb: *x", { a: [1], b: [1] }],
    ["a: |\n  *x\n  *y\n", { a: "*x\n*y\n" }],
    ['"__proto__": 1', Object.defineProperty({}, "__proto__", { value: 1, enumerable: true })],
  ])("reads %j", (text, value) => {
    expect(parseYamlText(text, maxParts) ?? null).toEqual(value);
  });

  it.each<[what: string, text: string, code: string]>([
    ["lists in lists", "[".repeat(200_000), "TOO_LARGE"],
    ["lists in lists on one line", "- ".repeat(100_000), "TOO_LARGE"],
    ["maps in maps", "{a: ".repeat(100_000), "TOO_LARGE"],
    ["keys of keys", `a: [${"a: ".repeat(100_000)}`, "TOO_LARGE"],
    ["explicit keys", "? ".repeat(100_000), "TOO_LARGE"],
    ["more parts than are read", "- a\n".repeat(100_000), "TOO_LARGE"],
    ["more aliases than are read", `- &a x\n${"- *a\n".repeat(101)}`, "TOO_LARGE"],
    ["a billion laughs", printLaughs(), "BAD_ALIAS"],
    ["an alias of nothing", `- *${quoted}`, "BAD_ALIAS"],
    ["a list as key", "? [a]\n: b", "BAD_KEY"],
    ["a key twice", "a: 1\nb: 2\na: 3", "DUPLICATE_KEY"],
    ["a key twice, written in two ways", '{1: a, "1": b}', "DUPLICATE_KEY"],
    ["a second document", "a: 1\n---\nb: 2", "MULTIPLE_DOCS"],
    ["a thousand documents", "---\n".repeat(1000), "MULTIPLE_DOCS"],
    ["nothing but ends of documents", `a: 1\n${"...\n".repeat(1000)}`, "MULTIPLE_DOCS"],
    ["an open bracket", `tokens: [${quoted}\n`, "BAD_INDENT"],
    ["an unknown escape", `"\\x${quoted}"`, "BAD_DQ_ESCAPE"],
    ["a wrong block scalar", `|${quoted}\n a`, "UNEXPECTED_TOKEN"],
  ])("refuses %s, and quotes nothing", (_, text, code) => {
    const { faults } = faultsOf(text);
    expect(faults.map((fault) => fault.code)).toContain(code);
    expect(JSON.stringify(faults)).not.toContain(quoted.slice(0, 8));
  });

  it("tells line and column", () => {
    expect(faultsOf("a: 1\nb: 2\n  b: 3").faults[0]).toMatchObject({ line: 2, column: 4 });
  });

  it.each([
    ["top-level", "tokens: [", "}", 200_000],
    ["nested", "tokens: [", '"a" ', 40_000],
  ])("counts %s faults, and tells the first 20", (_, begin, repeated, count) => {
    const { faults, omittedCount } = faultsOf(begin + repeated.repeat(count));
    expect(faults).toHaveLength(20);
    expect(faults.length + omittedCount).toBeGreaterThanOrEqual(Math.min(count, 39_000));
  });

  it("looks for a key twice in a time that grows with the keys, not with their square", () => {
    const keys = Array.from({ length: 24_000 }, (_, index) => `k${index}: 1`);
    // In seconds, the library's own look would not end in a test's time at four times as many.
    expect(Object.keys(Object(parseYamlText(`{${keys.join(", ")}}`, 1_000_000)))).toHaveLength(
      24_000,
    );
  });
});

function printLaughs(): string {
  return Array.from({ length: 9 }, (_, n) =>
    n === 0 ? "- &a0 [x]" : `- &a${n} [${`*a${n - 1},`.repeat(10)}]`,
  ).join("\n");
}
