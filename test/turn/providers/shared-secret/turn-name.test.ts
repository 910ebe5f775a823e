import { describe, expect, it } from "vitest";
import {
  encodeTurnName,
  findTurnNameProblem,
} from "../../../../src/turn/providers/shared-secret/turn-name.js";

/** What coturn refuses, and what we add: invisible characters. Nothing of turn-name.ts is used. */
const isRefused = (username: string) =>
  /[ \t\r\n'"\\]/.test(username) ||
  /[\p{Cc}\p{Cf}\p{Cs}\p{Z}]/u.test(username) ||
  (/union/i.test(username) && /select/i.test(username)) ||
  Buffer.byteLength(username) > 500;
const nameOf = (text: string) => encodeTurnName("0123abcd", [text]);
const usernameOf = (text: string) => `1748390400:${nameOf(text)}`;

const pieces = [
  ..."% :'\"\\\t\n\u0000\u007f\u0085\u00a0\u200b\u202e\u3000\ufeffé漢😀25uUeE".split(""),
  ...["union", "UNION", "select", "Select", "un", "ion", "sel", "ect", "%75", "%u", "%empty"],
  ...["%sha256-", "alice", "x".repeat(60), "é".repeat(40), " ".repeat(30), "\ud83d", "\ude00"],
];
/** Always the same subjects, by a linear congruential generator (Numerical Recipes' constants). */
function* makeSubjects(count: number): Generator<string> {
  let state = 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let made = 0; made < count; made++) {
    yield Array.from({ length: next(14) }, () => pieces[next(pieces.length)]).join("");
  }
}

describe("encodeTurnName", () => {
  it.each([
    "",
    "alice",
    "auth0|123",
    "jürgen",
    "漢字",
    "a@b.example",
    "😀",
    "union",
    "select",
    "a.b",
  ])("leaves %j as it is, after the tag", (text) => {
    expect(nameOf(text)).toBe(`0123abcd.${text}`);
  });

  it.each([
    ["a b", "a%20b"],
    ["a\tb", "a%09b"],
    ["a'b\"c\\d", "a%27b%22c%5Cd"],
    ["100%", "100%25"],
    ["a:b", "a%3Ab"],
    ["system:serviceaccount:web:call", "system%3Aserviceaccount%3Aweb%3Acall"],
    ["a/b", "a%2Fb"],
    ["%sha256-0", "%25sha256-0"],
    ["a\u0085b", "a%C2%85b"],
    ["a\u00a0b", "a%C2%A0b"],
    ["a\u202eb", "a%E2%80%AEb"],
    ["a\ud800b", "a%uD800b"],
    ["union select", "%75nion%20select"],
    ["SelectTheUNION", "SelectThe%55NION"],
    ["x".repeat(480), "x".repeat(480)],
  ])("encodes %j as %s", (text, encoded) => {
    expect(nameOf(text)).toBe(`0123abcd.${encoded}`);
  });

  it.each(["x".repeat(481), "é".repeat(241), "😀".repeat(121), " ".repeat(161)])(
    "gives a hash in place of a name over 489 bytes: %j",
    (text) => {
      expect(nameOf(text)).toMatch(/^%sha256-[0-9a-f]{64}$/);
    },
  );

  it("makes every character a name that TURN servers take", () => {
    const wrong: string[] = [];
    // As many at a time as a name holds without being hashed.
    for (let first = 0; first < 0x110000; first += 32) {
      const text = String.fromCodePoint(...Array.from({ length: 32 }, (_, code) => first + code));
      const username = usernameOf(text);
      if (username.includes("%sha256-") || isRefused(username)) {
        wrong.push(text);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("tells long texts of different tags apart", () => {
    const text = "x".repeat(481);
    expect(encodeTurnName("0123abcd", [text])).not.toBe(encodeTurnName("0123abce", [text]));
  });

  it("makes every subject a name that TURN servers take, and different subjects different names", () => {
    const long = ["x", "\ufffd", "\ud800", "\udfff"].map((character) => character.repeat(5000));
    const subjects = new Set([...makeSubjects(30_000), ...long]);
    expect([...subjects].filter((subject) => isRefused(usernameOf(subject)))).toEqual([]);
    expect(new Set(Array.from(subjects, nameOf)).size).toBe(subjects.size);
  });
});

describe("findTurnNameProblem", () => {
  it.each<[name: string, problem: string]>([
    ["", "is empty"],
    ["a b", "white space"],
    ["a\u00a0b", "white space"],
    ["a'b", "quote"],
    ['a"b', "quote"],
    ["a\\b", "backslash"],
    ["a\u0007b", "invisible"],
    ["a\u202eb", "invisible"],
    ["a\ud800b", "invisible"],
    ["SELECTunion", "union"],
    ["x".repeat(490), "longer than 489 bytes"],
    ["é".repeat(245), "longer than 489 bytes"],
  ])("refuses %j", (name, problem) => {
    expect(findTurnNameProblem(name)).toContain(problem);
  });

  it.each(["webrtc-gateway", "union", "select", "a:b", "100%", "漢字", "x".repeat(489)])(
    "takes %j",
    (name) => {
      expect(findTurnNameProblem(name)).toBeUndefined();
    },
  );
});
