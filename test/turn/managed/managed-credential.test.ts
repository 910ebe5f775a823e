import { describe, expect, it } from "vitest";
import { readManagedCredential } from "../../../src/turn/managed/managed-credential.js";
import { ManagedError } from "../../../src/turn/managed/managed-error.js";

const login = { username: "alice", credential: "wonderland" };
const turn = (urls: unknown) => [{ urls, ...login }];
const urlsOf = (list: unknown) => readManagedCredential(list, 60).entries.map(({ urls }) => urls);
const failureOf = (list: unknown, ttl: unknown = 60) => {
  try {
    readManagedCredential(list, ttl);
  } catch (error) {
    return error instanceof ManagedError ? error.failure : error;
  }
  return undefined;
};

describe("readManagedCredential", () => {
  it.each<[what: string, list: unknown, urls: string[][]]>([
    [
      "a list of URLs",
      turn(["turn:a.test", "turns:a.test:443?transport=tcp"]),
      [["turn:a.test", "turns:a.test:443?transport=tcp"]],
    ],
    ["a single URL", turn("turn:a.test"), [["turn:a.test"]]],
    ["`url`, as Twilio has it too", [{ url: "turn:a.test", ...login }], [["turn:a.test"]]],
    [
      "entries with one credential as one",
      [...turn("turn:a.test"), ...turn("turn:b.test")],
      [["turn:a.test", "turn:b.test"]],
    ],
    [
      "entries with several credentials apart",
      [...turn("turn:a.test"), { ...login, username: "bob", urls: "turn:b.test" }],
      [["turn:a.test"], ["turn:b.test"]],
    ],
    [
      "no STUN",
      [{ urls: ["stun:a.test"] }, ...turn(["stun:b.test", "turn:a.test"])],
      [["turn:a.test"]],
    ],
    [
      "no port 53",
      turn(["turn:a.test:53", "turn:a.test:53?transport=tcp", "turn:a.test"]),
      [["turn:a.test"]],
    ],
    [
      "a name in any script",
      [{ urls: "turn:a.test", username: "zoë:😀", credential: "x" }],
      [["turn:a.test"]],
    ],
    ["an entry without a list", turn("turn:a.test")[0], [["turn:a.test"]]],
    ["a URL once", turn(["turn:a.test", "turn:a.test"]), [["turn:a.test"]]],
    [
      "no URL that a browser throws on",
      turn([
        "turn://a.test",
        "turn:a.test?transport=sctp",
        "turn:user@a.test",
        "turn:",
        7,
        null,
        "turn:a.test",
      ]),
      [["turn:a.test"]],
    ],
    [
      "no entry without a usable credential",
      [
        { urls: "turn:b.test" },
        { urls: "turn:b.test", username: "", credential: "x" },
        { urls: "turn:b.test", username: "x", credential: 7 },
        { urls: "turn:b.test", username: "x".repeat(509), credential: "x" },
        { urls: "turn:b.test", username: "x\r\ny", credential: "x" },
        { urls: "turn:b.test", username: "x", credential: "x\u0000" },
        { urls: "turn:b.test", username: "x\ud800", credential: "x" },
        null,
        "turn:b.test",
        ...turn("turn:a.test"),
      ],
      [["turn:a.test"]],
    ],
  ])("takes %s", (_what, list, urls) => {
    expect(urlsOf(list)).toEqual(urls);
  });

  it("takes 32 URLs of a list without end", () => {
    const urls = Array.from({ length: 1000 }, (_, index) => `turn:${index}.test`);
    expect(urlsOf(turn(urls)).flat()).toHaveLength(32);
  });

  it.each<[ttl: unknown, seconds: number]>([
    [60, 60],
    ["86400", 86_400],
    [3600.9, 3600],
    ["3600.9", 3600],
    [1e12, 365 * 86_400],
  ])("reads the lifetime %o", (ttl, seconds) => {
    expect(readManagedCredential(turn("turn:a.test"), ttl).ttlSeconds).toBe(seconds);
  });

  it.each([0, -1, 0.5, Number.NaN, "1h", "-60", "1e3", "", null, true, {}])(
    "rejects the lifetime %o",
    (ttl) => {
      expect(failureOf(turn("turn:a.test"), ttl)).toBe("malformed");
    },
  );

  it.each([
    ["malformed", undefined],
    ["malformed", null],
    ["malformed", 7],
    ["no-turn-url", {}],
    ["malformed", "turn:a.test"],
    ["no-turn-url", []],
    ["no-turn-url", [{ urls: "stun:a.test" }]],
    ["no-turn-url", turn("turn:a.test:53")],
  ])("fails with %s for %o", (failure, list) => {
    expect(failureOf(list)).toBe(failure);
  });
});
