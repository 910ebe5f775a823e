import { describe, expect, it } from "vitest";
import { encodeSubject, findTurnNameProblem } from "../../src/ice/turn-name.js";

const hostile = [
  "",
  " ",
  "a b",
  "a\tb",
  "a'b",
  'a"b',
  "a\\b",
  "a\r\nb",
  "a\u0000b",
  "a\u007fb",
  "a\u0085b",
  "a\u00a0b",
  "a\u202eb",
  "a\ud800b",
  "' UNION SELECT 1",
  "unionselect",
  "SelectTheUnion",
  "%",
  "%empty",
  "%sha256-00",
  "x".repeat(489),
  "x".repeat(490),
  "é".repeat(300),
  "😀".repeat(200),
  " ".repeat(200),
];

describe("encodeSubject", () => {
  it.each(["alice", "auth0|123", "a:b", "jürgen", "漢字", "a@b.example", "😀"])(
    "leaves %j as it is",
    (subject) => {
      expect(encodeSubject(subject)).toBe(subject);
    },
  );

  it.each([
    ["", "%empty"],
    ["a b", "a%20b"],
    ["100%", "100%25"],
    ["a\u00a0b", "a%C2%A0b"],
    ["union select", "%75nion%20select"],
  ])("encodes %j as %s", (subject, name) => {
    expect(encodeSubject(subject)).toBe(name);
  });

  it.each(hostile)("makes %j a name that TURN servers take", (subject) => {
    const name = encodeSubject(subject);
    expect(findTurnNameProblem(name)).toBeUndefined();
    expect(Buffer.byteLength(`1748390400:${name}`)).toBeLessThanOrEqual(500);
  });

  it("gives different subjects different names", () => {
    expect(new Set(hostile.map(encodeSubject)).size).toBe(hostile.length);
  });
});

describe("findTurnNameProblem", () => {
  it.each(["", "a b", "a'b", "a\\b", "select union", "x".repeat(490)])("refuses %j", (name) => {
    expect(findTurnNameProblem(name)).toMatch(/./);
  });
});
