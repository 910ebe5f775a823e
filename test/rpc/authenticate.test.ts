import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { findToken } from "../../src/rpc/interceptors/authenticate.js";

const codeOf = (run: () => unknown) => {
  try {
    run();
    return undefined;
  } catch (error) {
    return ConnectError.from(error).code;
  }
};

describe("findToken", () => {
  it.each<[authorization: string | null, query: string, token: string | undefined]>([
    [null, "", undefined],
    ["Bearer abc", "", "abc"],
    ["bearer abc", "", "abc"],
    ["BEARER   abc ", "", "abc"],
    ["Basic abc", "", undefined],
    ["Bearerabc", "", undefined],
    ['Digest username="a", realm="b"', "", undefined],
    [null, "token=abc", "abc"],
    [null, "a=1&token=abc&b=2", "abc"],
    [null, "token=a+b/c=", "a+b/c="],
    [null, "token=a%2Bb%2fc%3D", "a+b/c="],
    [null, "xtoken=abc", undefined],
    [null, "Token=abc", undefined],
    ["Bearer abc", "token=", "abc"],
    [null, "token=", undefined],
    ["Basic abc", "token=abc", "abc"],
  ])("Authorization %j with ?%s", (authorization, query, token) => {
    expect(findToken(authorization, query)).toBe(token);
  });

  it.each<[string | null, string]>([
    ["Bearer abc", "token=abc"],
    ["Bearer abc, Bearer def", ""],
    [null, "token=abc&token=abc"],
  ])("refuses two tokens: Authorization %j with ?%s", (authorization, query) => {
    expect(codeOf(() => findToken(authorization, query))).toBe(Code.InvalidArgument);
  });

  it("refuses a malformed percent-escape as a token that does not verify", () => {
    expect(codeOf(() => findToken(null, "token=%zz"))).toBe(Code.Unauthenticated);
  });
});
