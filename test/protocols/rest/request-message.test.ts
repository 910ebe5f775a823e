import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { readRequestMessage } from "../../../src/protocols/rest/request-message.js";
import { ShelfSchema } from "../../schemas/gen/shelf_pb.js";

const read = (query: string, variables: Record<string, string> = {}) =>
  toJson(ShelfSchema, readRequestMessage(ShelfSchema, new Map(Object.entries(variables)), query));

describe("readRequestMessage", () => {
  it.each<[query: string, json: JsonValue]>([
    ["", {}],
    ["shelf_id=a", { shelfId: "a" }],
    ["shelfId=a", { shelfId: "a" }],
    ["shelf_id=a+b%20c%2B", { shelfId: "a b c+" }],
    ["shelf_id=%EF%BF%BD", { shelfId: "\uFFFD" }],
    ["shelf_id=50%&unknown=%FF", { shelfId: "50%" }],
    ["unknown=1&book.unknown=1&unknown.x=1&shelfId=a", { shelfId: "a" }],
    ["signedCount=-5", { signedCount: -5 }],
    ["big=9223372036854775807", { big: "9223372036854775807" }],
    ["ratio=0.5", { ratio: 0.5 }],
    ["ratio=NaN", { ratio: "NaN" }],
    ["open=true", { open: true }],
    ["raw=aGk%3D", { raw: "aGk=" }],
    ["kind=KIND_WALL", { kind: "KIND_WALL" }],
    ["kind=1", { kind: "KIND_WALL" }],
    ["tags=a&tags=b", { tags: ["a", "b"] }],
    ["numbers=1&numbers=2", { numbers: [1, 2] }],
    ["kinds=KIND_WALL&kinds=0", { kinds: ["KIND_WALL", "KIND_UNSPECIFIED"] }],
    ["book.title=x&book.author.full_name=y", { book: { title: "x", author: { fullName: "y" } } }],
    ["madeAt=2026-01-02T03:04:05Z", { madeAt: "2026-01-02T03:04:05Z" }],
    ["lease=1.5s", { lease: "1.500s" }],
    ["mask=shelfId,book.title", { mask: "shelfId,book.title" }],
    ["maybe=false", { maybe: false }],
    ["maybeCount=0", { maybeCount: 0 }],
    ["maybeName=", { maybeName: "" }],
    ["person=me", { person: "me" }],
  ])("reads ?%s", (query, json) => {
    expect(read(query)).toEqual(json);
  });

  it("lets a path variable win over a parameter of the same field", () => {
    expect(read("shelfId=query&book.title=t", { shelf_id: "path" })).toEqual({
      shelfId: "path",
      book: { title: "t" },
    });
  });

  it.each([
    ["signedCount=abc", "signedCount does not parse as int32"],
    ["signed_count=abc", "signed_count does not parse as int32"],
    ["signedCount=", "signedCount does not parse as int32"],
    ["signedCount=1.5", "signedCount does not parse as int32"],
    ["signedCount=0x10", "signedCount does not parse as int32"],
    ["signedCount=%201", "signedCount does not parse as int32"],
    ["signedCount=2147483648", "signedCount does not parse as int32"],
    ["count=-1", "count does not parse as uint32"],
    ["open=yes", "open does not parse as bool"],
    ["open=1", "open does not parse as bool"],
    ["kind=KIND_FLOOR", "kind does not parse as test.v1.Kind"],
    ["numbers=1&numbers=x", "numbers does not parse as int32"],
    ["madeAt=yesterday", "madeAt does not parse as google.protobuf.Timestamp"],
    ["book=x", "book does not parse as test.v1.Book"],
    ["labels=x", "labels does not parse as a parameter: maps have none"],
    ["signedCount=1&signedCount=2", "signedCount is given more than once"],
    ["company=a&person=b", "person cannot be given beside company"],
    ["signed_count=1&signedCount=2", "signed_count is given more than once"],
    ["shelfId=%FF", "shelfId is not UTF-8"],
    ["shelf%49d=a%C3", "shelfId is not UTF-8"],
    ["tags=a&tags=%ED%A0%80", "tags is not UTF-8"],
  ])("refuses ?%s", (query, message) => {
    expect(() => read(query)).toThrow(message);
  });

  it("decodes a query once, however many of its parameters have a replacement character", () => {
    // Once for each would take hours.
    const query = "tags=%EF%BF%BD&".repeat(100_000);
    expect(() => read(`${query}tags=%FF`)).toThrow("tags is not UTF-8");
  });
});
