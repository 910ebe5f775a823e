import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { findToken } from "../../src/call/presented-token.js";
import type { TokenPlace } from "../../src/observability/authentication-counts.js";

const codeOf = (run: () => unknown) => {
  try {
    run();
    return undefined;
  } catch (error) {
    return ConnectError.from(error).code;
  }
};

describe("findToken", () => {
  it.each<[authorization: string | null, query: string, token: string, place: TokenPlace]>([
    ["Bearer abc", "", "abc", "header"],
    ["bearer abc", "", "abc", "header"],
    ["BEARER   abc ", "", "abc", "header"],
    [null, "token=abc", "abc", "query"],
    [null, "a=1&token=abc&b=2", "abc", "query"],
    [null, "token=a+b/c=", "a+b/c=", "query"],
    [null, "token=a%2Bb%2fc%3D", "a+b/c=", "query"],
    [null, "tok%65n=abc", "abc", "query"],
    ["Bearer abc", "token=", "abc", "header"],
    ["Basic abc", "token=abc", "abc", "query"],
  ])("Authorization %j with ?%s", (authorization, query, token, place) => {
    expect(findToken(authorization, query)).toEqual({ token, place });
  });

  it.each<[authorization: string | null, query: string]>([
    [null, ""],
    ["Basic abc", ""],
    ["Bearerabc", ""],
    ['Digest username="a", realm="b"', ""],
    [null, "xtoken=abc"],
    [null, "Token=abc"],
    [null, "token%=abc"],
    [null, "token="],
  ])("finds none in Authorization %j with ?%s", (authorization, query) => {
    expect(findToken(authorization, query)).toBe(undefined);
  });

  it.each<[string | null, string]>([
    ["Bearer abc", "token=abc"],
    ["Bearer abc, Bearer def", ""],
    [null, "token=abc&token=abc"],
    [null, "token=abc&%74oken=abc"],
  ])("refuses two tokens: Authorization %j with ?%s", (authorization, query) => {
    expect(codeOf(() => findToken(authorization, query))).toBe(Code.InvalidArgument);
  });

  describe("with parameters that may repeat a token", () => {
    const parameters = { names: ["key", "api"], mayRepeat: true };
    it.each([
      ["key=abc", "abc"],
      ["a=1&api=abc", "abc"],
      ["api=abc&key=abc", "abc"],
      ["api=a%2Bc&key=a+c&key=", "a+c"],
    ])("finds one in ?%s", (query, token) => {
      expect(findToken(null, query, parameters)).toEqual({ token, place: "query" });
    });

    it.each<[string | null, string]>([
      [null, "key=abc&api=def"],
      [null, "key=abc&key=%zz"],
      ["Bearer abc", "key=abc"],
    ])("refuses two: Authorization %j with ?%s", (authorization, query) => {
      expect(codeOf(() => findToken(authorization, query, parameters))).toBe(Code.InvalidArgument);
    });

    it("finds none under another name", () => {
      expect(findToken(null, "token=abc&Key=abc&xkey=abc", parameters)).toBe(undefined);
    });
  });

  it("finds a token with a malformed percent-escape, which is no token that could verify", () => {
    expect(findToken(null, "token=%zz")).toEqual({ token: undefined, place: "query" });
  });
});
