import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  createPseudonymizer,
  encodeSubject,
  findTurnNameProblem,
} from "../../../../src/turn/providers/shared-secret/turn-name.js";

/** What coturn refuses, and what we add: invisible characters. Nothing of turn-name.ts is used. */
const isRefused = (username: string) =>
  /[ \t\r\n'"\\]/.test(username) ||
  /[\p{Cc}\p{Cf}\p{Cs}\p{Z}]/u.test(username) ||
  (/union/i.test(username) && /select/i.test(username)) ||
  Buffer.byteLength(username) > 500;
const usernameOf = (subject: string) => `1748390400:${encodeSubject(subject)}`;

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

describe("encodeSubject", () => {
  it.each(["alice", "auth0|123", "a:b", "jürgen", "漢字", "a@b.example", "😀", "union", "select"])(
    "leaves %j as it is",
    (subject) => {
      expect(encodeSubject(subject)).toBe(subject);
    },
  );

  it.each([
    ["", "%empty"],
    ["a b", "a%20b"],
    ["a\tb", "a%09b"],
    ["a'b\"c\\d", "a%27b%22c%5Cd"],
    ["100%", "100%25"],
    ["%empty", "%25empty"],
    ["a\u0085b", "a%C2%85b"],
    ["a\u00a0b", "a%C2%A0b"],
    ["a\u202eb", "a%E2%80%AEb"],
    ["a\ud800b", "a%uD800b"],
    ["union select", "%75nion%20select"],
    ["SelectTheUNION", "SelectThe%55NION"],
    ["x".repeat(489), "x".repeat(489)],
  ])("encodes %j as %s", (subject, name) => {
    expect(encodeSubject(subject)).toBe(name);
  });

  it.each(["x".repeat(490), "é".repeat(245), "😀".repeat(123), " ".repeat(164)])(
    "gives a hash in place of a name over 489 bytes: %j",
    (subject) => {
      expect(encodeSubject(subject)).toMatch(/^%sha256-[0-9a-f]{64}$/);
    },
  );

  it("makes every character a name that TURN servers take", () => {
    const refused = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) =>
      isRefused(usernameOf(String.fromCodePoint(code))),
    );
    expect(refused).toEqual([]);
  });

  it("makes every subject a name that TURN servers take, and different subjects different names", () => {
    const long = ["x", "\ufffd", "\ud800", "\udfff"].map((character) => character.repeat(5000));
    const subjects = new Set([...makeSubjects(30_000), ...long]);
    expect([...subjects].filter((subject) => isRefused(usernameOf(subject)))).toEqual([]);
    expect(new Set(Array.from(subjects, encodeSubject)).size).toBe(subjects.size);
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

describe("createPseudonymizer", () => {
  const pseudonymize = createPseudonymizer(createSecretKey("north", "utf8"));

  // Made with openssl. A change would give every caller a new name, and so a fresh quota.
  it.each([
    [{ issuer: "https://issuer.test", subject: "alice" }, "d7521066e2bc18671f17035b82d73d16"],
    [{ subject: "gateway-1" }, "7e6b3ede6bcdc3b5eeee45c96a3f57bb"],
  ])("names %o the same in every release", (caller, name) => {
    expect(pseudonymize(caller)).toBe(name);
  });

  it("names callers apart by issuer and subject, wherever one ends and the other begins", () => {
    const callers = [
      { issuer: "ab", subject: "c" },
      { issuer: "a", subject: "bc" },
      { subject: "abc" },
      { issuer: 'a","b', subject: "c" },
      { issuer: "a", subject: 'b","c' },
      { issuer: "a", subject: "" },
      { issuer: "a", subject: "\ud800" },
      { issuer: "a", subject: "\ud801" },
    ];
    expect(new Set(callers.map(pseudonymize)).size).toBe(callers.length);
  });

  it("names a caller differently with another secret", () => {
    const other = createPseudonymizer(createSecretKey("south", "utf8"));
    expect(other({ subject: "alice" })).not.toBe(pseudonymize({ subject: "alice" }));
  });
});
