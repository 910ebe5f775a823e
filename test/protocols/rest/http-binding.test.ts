import { describe, expect, it } from "vitest";
import { readGetBindings } from "../../../src/protocols/rest/http-binding.js";
import { compileShelfSchema } from "./shelf-schema.js";

const { service, unservable } = compileShelfSchema();

describe("readGetBindings", () => {
  it("finds none without an annotation", () => {
    const { listShelves } = service.method;
    expect(listShelves && readGetBindings(listShelves)).toEqual([]);
  });

  it.each([
    ["putShelf", "PutShelf: a google.api.http annotation has put"],
    ["addShelf", "AddShelf: a google.api.http annotation has post"],
    ["noPattern", "NoPattern: a google.api.http annotation has no pattern"],
  ])("rejects what is not a get, in %s", (name, problem) => {
    const method = unservable.method[name];
    expect(method).toBeDefined();
    expect(() => method && readGetBindings(method)).toThrow(
      `test.v1.UnservableService.${problem}; only get can be served`,
    );
  });
});
