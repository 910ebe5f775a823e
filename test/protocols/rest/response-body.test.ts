import { create, type DescMessage, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { GetIceServersResponseSchema } from "../../../src/gen/ice/v1/ice_service_pb.js";
import { createBodyPrinter } from "../../../src/protocols/rest/response-body.js";
import { ShelfSchema } from "../../schemas/gen/shelf_pb.js";

function printBody(schema: DescMessage, init: Record<string, unknown>): string {
  return createBodyPrinter(schema, { bodyField: undefined })(create(schema, init));
}

/** The lists of the message itself first, in the order of the schema, and there when they are empty. */
function printOrdinarily(schema: DescMessage, init: Record<string, unknown>): string {
  const lists = schema.fields.filter(({ fieldKind }) => fieldKind === "list");
  return JSON.stringify({
    ...Object.fromEntries(lists.map(({ jsonName }) => [jsonName, []])),
    ...Object(toJson(schema, create(schema, init))),
  });
}

const life = { ttlSeconds: 60, region: "home" };
const server = { urls: ["turn:a"], username: '"someone"' };

describe("createBodyPrinter", () => {
  it.each([
    ["lists with items", GetIceServersResponseSchema, { iceServers: [server, {}], ...life }],
    ["lists that are empty", GetIceServersResponseSchema, life],
    ["nothing", GetIceServersResponseSchema, {}],
    [
      "lists behind other fields",
      ShelfSchema,
      { shelfId: "a", tags: ["b"], numbers: [1], kinds: [1] },
    ],
  ])("prints the own lists of a message always and first: %s", (_, schema, init) => {
    expect(printBody(schema, init)).toBe(printOrdinarily(schema, init));
  });
});
