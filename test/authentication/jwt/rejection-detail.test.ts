import { describe, expect, it } from "vitest";
import {
  describeClaimFault,
  describeIssuerMismatch,
} from "../../../src/authentication/jwt/rejection-detail.js";
import { isEncrypted } from "../../../src/authentication/jwt/unverified-token.js";
import { encode } from "../signing-key.js";

describe("describeIssuerMismatch", () => {
  const issuers = ["https://login.example.com/realms/a", "https://Other.example.com/"];

  it.each<[iss: unknown, detail: RegExp]>([
    [
      "https://login.example.com/realms/a/",
      /"https:\/\/login\.example\.com\/realms\/a\/" differs from the configured issuer "https:\/\/login\.example\.com\/realms\/a" by a trailing slash$/,
    ],
    ["https://Other.example.com", /"https:\/\/Other\.example\.com\/" by a trailing slash$/],
    ["https://other.example.com/", /by letter case$/],
    ["http://login.example.com/realms/a", /by http: or https:$/],
    ["login.example.com/realms/a", /by http: or https:$/],
    [" https://login.example.com/realms/a", /by white space$/],
    ["HTTP://other.example.com", /written in another way than .*"https:\/\/Other/],
    [
      "https://evil.test",
      /"https:\/\/evil\.test" is none of the configured issuers: "https:\/\/login/,
    ],
    [undefined, /^the token has no iss$/],
    [["https://login.example.com/realms/a"], /^the token's iss is not text$/],
    ["a\nb", /^the token's iss "a\\nb" is none/],
  ])("%j", (iss, detail) => {
    expect(describeIssuerMismatch(iss, issuers)).toMatch(detail);
  });

  it("is short, however long the claim and the configuration are", () => {
    const many = Array.from({ length: 100 }, (_, index) => `https://${index}.${"x".repeat(300)}`);
    const detail = describeIssuerMismatch("y".repeat(10_000), many);
    expect(detail.length).toBeLessThan(1500);
    expect(detail).toMatch(/, and 95 more$/);
  });
});

describe("describeClaimFault", () => {
  it("repeats no claim", () => {
    expect(describeClaimFault("exp", "missing")).toBe("the token has no exp");
    expect(describeClaimFault("nbf", "invalid")).toBe("the token's nbf is not valid");
  });
});

describe("isEncrypted", () => {
  const header = encode(JSON.stringify({ alg: "dir", enc: "A256GCM" }));

  it.each<[what: string, token: string, isOne: boolean]>([
    ["an encrypted token", `${header}.a.b.c.d`, true],
    ["one whose key is agreed on", `${header}..b.c.d`, true],
    ["a signed token", `${header}.a.b`, false],
    ["a header without enc", `${encode("{}")}.a.b.c.d`, false],
    ["a header that is not JSON", "aaaa.a.b.c.d", false],
    ["six parts", `${header}.a.b.c.d.e`, false],
    ["an opaque token with dots", "1.2.3.4.5", false],
  ])("%s", (_, token, isOne) => {
    expect(isEncrypted(token)).toBe(isOne);
  });
});
