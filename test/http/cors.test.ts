import { describe, expect, it } from "vitest";
import { allowHeaders } from "../../src/http/cors.js";

const fixed = "Content-Type, Authorization";
const names = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}`).join();

describe("allowHeaders", () => {
  it.each([
    "authorization",
    // electric-sql/electric#2351
    "authorization,traceparent",
    // getsentry/sentry-javascript#6077
    "authorization,baggage,sentry-trace",
    "authorization, x-requested-with",
    " a ,\tb",
    "!#$%&'*+-.^_`|~09azAZ",
    names(64),
    `${"x".repeat(2000)},${"y".repeat(2095)}`,
  ])("allows what is asked for: %s", (requested) => {
    expect(allowHeaders(requested, fixed)).toBe(requested);
  });

  it.each<[what: string, requested: string | null]>([
    ["nothing", null],
    ["an empty list", ""],
    ["65 names", names(65)],
    ["more than 4 KiB", `${"x".repeat(2000)},${"y".repeat(2096)}`],
    ["a name that is none", "authorization,a b"],
    ["an empty name", "authorization,,a"],
    ["a name with a colon", "authorization:x"],
    ["a name in quotes", '"authorization"'],
    ["a line feed", "authorization\n"],
    ["a name beyond ASCII", "autorit\u00e9"],
  ])("allows the fixed list for %s", (_, requested) => {
    expect(allowHeaders(requested, fixed)).toBe(fixed);
  });

  it("takes no time that grows with the square of its length", () => {
    expect(allowHeaders(`${" ".repeat(4095)}(`, fixed)).toBe(fixed);
  });
});
