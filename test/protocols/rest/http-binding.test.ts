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

  const segments = "must begin with / and have only literals, *, **, {field}, and {field=pattern}";
  it.each([
    ["withBody", 'WithBody: a google.api.http annotation has the body "*"; a get has none'],
    [
      "openBrace",
      `OpenBrace: a google.api.http annotation has the path "/v1/{shelf_id"; it ${segments}`,
    ],
    ["noSlash", `NoSlash: a google.api.http annotation has the path "v1/shelf"; it ${segments}`],
    [
      "sameVariable",
      'SameVariable: a google.api.http annotation has the path "/v1/{shelf_id}/{shelf_id=books/*}"; it can have a variable only once',
    ],
    [
      "noField",
      "NoField: a google.api.http annotation has {book.isbn} in its path; a variable must be a field of test.v1.Shelf",
    ],
    [
      "noResponseField",
      'NoResponseField: a google.api.http annotation has the response_body "isbn"; it must be a message field of test.v1.Shelf',
    ],
    [
      "textResponse",
      'TextResponse: a google.api.http annotation has the response_body "shelf_id"; it must be a message field of test.v1.Shelf',
    ],
    ["sendShelves", "SendShelves: a google.api.http annotation is of a method whose requests are"],
    ["talkOfShelves", "TalkOfShelves: a google.api.http annotation has post; only get can be"],
  ] as const)("rejects what it could not serve, in %s", (name, problem) => {
    expect(() => readGetBindings(UnservableService.method[name])).toThrow(
      `test.v1.UnservableService.${problem}`,
    );
  });
});
