import { describe, expect, it } from "vitest";
import { readGetBindings } from "../../../src/protocols/rest/http-binding.js";
import { ShelfService, UnservableService } from "../../schemas/gen/shelf_pb.js";

describe("readGetBindings", () => {
  it("finds none without an annotation", () => {
    expect(readGetBindings(ShelfService.method.listShelves)).toEqual([]);
  });

  it.each([
    ["putShelf", "PutShelf: a google.api.http annotation has put"],
    ["addShelf", "AddShelf: a google.api.http annotation has post"],
    ["noPattern", "NoPattern: a google.api.http annotation has no pattern"],
  ] as const)("rejects what is not a get, in %s", (name, problem) => {
    expect(() => readGetBindings(UnservableService.method[name])).toThrow(
      `test.v1.UnservableService.${problem}; only get can be served`,
    );
  });

  it.each([
    ["withBody", "has a body"],
    ["noField", "has {book.isbn}; test.v1.Shelf has no such field"],
    ["sendShelves", "is of a method whose requests are a stream"],
    ["talkOfShelves", "has post"],
  ] as const)("rejects what it could not serve, in %s", (name, problem) => {
    expect(() => readGetBindings(UnservableService.method[name])).toThrow(problem);
  });
});
