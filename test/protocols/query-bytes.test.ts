import { describe, expect, it } from "vitest";
import { readQueryBytes } from "../../src/protocols/query-bytes.js";

describe("readQueryBytes", () => {
  it.each<[query: string, bytes: string]>([
    ["message=%ff%FE%00", "fffe00"],
    ["a=1&message=a%20b+c&message=x", "6120622063"],
    ["message=%C3%A9%E2%82%AC", "c3a9e282ac"],
    ["message=%zz%4%", "257a7a253425"],
    ["message=a=b", "613d62"],
    ["message=", ""],
    ["message", ""],
    ["amessage=x", ""],
    ["%6Dess%61ge=x", "78"],
    ["mess+age=x", ""],
    ["", ""],
  ])("reads %s as %s", (query, bytes) => {
    expect(Buffer.from(readQueryBytes(query, "message")).toString("hex")).toBe(bytes);
  });
});
