import { describe, expect, it } from "vitest";
import { describeWrongKind, printValue } from "../../src/config/value-text.js";

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

describe("printValue", () => {
  it("is one line of at most 80 characters", () => {
    expect(printValue("a\nb")).toBe('"a\\nb"');
    expect(printValue("x".repeat(100))).toHaveLength(80);
  });
});
