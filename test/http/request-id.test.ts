import { describe, expect, it } from "vitest";
import { RequestHeaders } from "../../src/http/request-headers.js";
import { createRequestId, readRequestId } from "../../src/http/request-id.js";

const read = (...values: string[]) =>
  readRequestId(new RequestHeaders(values.flatMap((value) => ["X-Request-ID", value])));
const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

describe("readRequestId", () => {
  it.each([
    "a",
    "7f9c24e8-3b12-4fef-91d0-1a2b3c4d5e6f",
    "Root=1-67891233-abcdef012345678912345678",
    `!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`,
    "x".repeat(128),
  ])("takes %s", (sent) => {
    expect(read(sent)).toBe(sent);
  });

  // What services that take any are told: utksh1/SecuScan#2013, dabapps/django-log-request-id#52.
  it.each<[what: string, values: string[]]>([
    ["none", []],
    ["an empty one", [""]],
    ["one that is too long", ["x".repeat(129)]],
    ["a space", ["a b"]],
    ["a tab", ["a\tb"]],
    ["a line feed", ["a\nb"]],
    ["a line feed at the end", ["a\n"]],
    ["DEL", ["a\u007fb"]],
    ["text beyond ASCII", ["a\u00e9"]],
    ["two", ["a", "b"]],
    ["twice the same", ["a", "a"]],
  ])("makes a UUID for %s", (_, values) => {
    expect(read(...values)).toMatch(uuid);
    expect(read(...values)).not.toBe(read(...values));
  });
});

describe("createRequestId", () => {
  it("makes UUIDs of which none comes twice, whose digits are all random", () => {
    const ids = Array.from({ length: 3000 }, createRequestId);
    expect(ids.filter((id) => !uuid.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    const digits = ids.map((id) => id.replaceAll("-", ""));
    const distinct = Array.from(
      { length: 32 },
      (_, at) => new Set(digits.map((id) => id[at])).size,
    );
    // But for the version, and the variant in two bits.
    expect(distinct).toEqual(
      Array.from({ length: 32 }, (_, at) => (at === 12 ? 1 : at === 16 ? 4 : 16)),
    );
  });
});
