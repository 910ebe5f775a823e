import { describe, expect, it } from "vitest";
import { adviseOnKind, describeWrongKind, printValue } from "../../src/config/value-text.js";

describe("describeWrongKind", () => {
  it.each<[readonly (string | number)[], unknown, readonly string[], string]>([
    [["reflection"], "yes", ["boolean"], '"yes" is not true or false'],
    [["listen", "host"], 80, ["string"], "80 is not text"],
    [["ice", "turn", "minTtl"], [1], ["string", "number"], "is a list, not text or a number"],
    [["shutdown"], null, ["object"], "null is not a mapping of keys"],
    // What may be a secret in the wrong place is not quoted.
    [["ice", "turn", "secretFiles"], "south", ["array"], "is text, not a list"],
    [["ice", "turn", "secretFiles", 0], 12345, ["string"], "is a number, not text"],
    [["ice", "turn"], "south", ["object"], "is text, not a mapping of keys"],
    [["limits", "redis"], "redis://:pw@host", ["object"], "is text, not a mapping of keys"],
    [["auth", "queryToken"], "abc", ["boolean"], "is text, not true or false"],
  ])("%j: %j", (path, value, expected, text) => {
    expect(describeWrongKind(path, value, expected)).toBe(text);
  });
});

describe("adviseOnKind", () => {
  it.each<[given: unknown, expected: string, advice: string | undefined]>([
    [{}, "array", "Write a dash before the first key of each entry"],
    ["a", "array", "Write each entry on a line of its own, after a dash"],
    [null, "object", "Indent its keys below it"],
    [[], "object", "Write its keys without a dash"],
    [["a"], "string", "Write it without a dash or brackets"],
    [{ a: 1 }, "number", "Write its value without a key"],
    ["a", "object", undefined],
    ["yes", "boolean", undefined],
    [null, "array", undefined],
  ])("%j instead of %s", (given, expected, advice) => {
    expect(adviseOnKind(given, [expected])).toBe(advice);
  });
});

describe("printValue", () => {
  it("is one line of at most 80 characters", () => {
    expect(printValue("a\nb")).toBe('"a\\nb"');
    expect(printValue("x".repeat(100))).toHaveLength(80);
  });
});
