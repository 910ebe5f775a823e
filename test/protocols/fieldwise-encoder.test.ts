import { create, type DescMessage, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HealthCheckResponseSchema } from "../../src/gen/grpc/health/v1/health_pb.js";
import {
  GetIceServersResponseSchema,
  IceServerSchema,
} from "../../src/gen/ice/v1/ice_service_pb.js";
import { binaryFields } from "../../src/protocols/binary-fields.js";
import { createFieldwiseEncoder } from "../../src/protocols/fieldwise-encoder.js";
import { createJsonPrinter } from "../../src/protocols/json-fields.js";
import { ShelfSchema } from "../schemas/gen/shelf_pb.js";

/** Any text, lone surrogates included. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.array(fc.nat(0xffff), { maxLength: 4 }).map((units) => String.fromCharCode(...units)),
  fc.string({ minLength: 120, maxLength: 300 }),
);
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const timestamp = fc.record({
  seconds: fc.bigInt({ min: -62135596800n, max: 253402300799n }),
  nanos: fc.nat(999_999_999),
});
const author = fc.letrec((tie) => ({
  author: fc.record(
    {
      fullName: text,
      penName: text,
      teacher: fc.option(tie("author"), { nil: undefined, maxDepth: 1 }),
      students: fc.array(tie("author"), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
})).author;
const optional = { requiredKeys: [] };
const shelfInit = fc.record(
  {
    shelfId: text,
    signedCount: int32,
    count: fc.nat(2 ** 32 - 1),
    big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    ratio: fc.double(),
    open: fc.boolean(),
    raw: fc.uint8Array(),
    kind: fc.constantFrom(0, 1),
    tags: fc.array(text),
    numbers: fc.array(int32),
    kinds: fc.array(fc.constantFrom(0, 1)),
    book: fc.record({ title: text, author }, optional),
    madeAt: timestamp,
    lease: fc.record({ seconds: fc.bigInt({ min: 0n, max: 1000n }), nanos: fc.constant(0) }),
    mask: fc.record({ paths: fc.constantFrom([], ["shelf_id"], ["book.title", "count"]) }),
    maybe: fc.boolean(),
    maybeCount: int32,
    maybeName: text,
    anything: fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.constant(null))),
    labels: fc.dictionary(text, text),
    owner: fc.oneof(
      fc.record({ case: fc.constantFrom("person", "company"), value: text }),
      fc.constant({ case: undefined }),
    ),
  },
  optional,
);
const responseInit = fc.record(
  {
    iceServers: fc.array(
      fc.record({ urls: fc.array(text), username: text, credential: text }, optional),
      { maxLength: 20 },
    ),
    expireTime: timestamp,
    ttlSeconds: int32,
    region: text,
  },
  optional,
);

/** Messages some of which share lists and submessages with those before them, or are the same. */
function messagesOf(schema: DescMessage, init: fc.Arbitrary<object>): fc.Arbitrary<Message[]> {
  const step = fc.record({ init, keptFields: fc.array(fc.nat(ShelfSchema.members.length)) });
  return fc.array(step, { minLength: 1, maxLength: 6 }).map((steps) => {
    const messages: Message[] = [];
    for (const { init: values, keptFields } of steps) {
      const before: { readonly [localName: string]: unknown } = messages.at(-1) ?? {};
      const kept = keptFields
        .map((index) => schema.members[index]?.localName ?? "")
        .filter((localName) => localName in before)
        .map((localName) => [localName, before[localName]]);
      const message = create(schema, { ...values, ...Object.fromEntries(kept) });
      messages.push(message, message);
    }
    return messages;
  });
}

const kinds: readonly (readonly [name: string, schema: DescMessage, init: fc.Arbitrary<object>])[] =
  [
    ["messages with fields of every kind", ShelfSchema, shelfInit],
    ["responses with ICE servers", GetIceServersResponseSchema, responseInit],
    ["messages with an enum", HealthCheckResponseSchema, fc.record({ status: fc.nat(3) })],
    ["well-known types", TimestampSchema, timestamp],
  ];

describe("createFieldwiseEncoder", () => {
  it.each(kinds)("encodes %s as the library does", (_, schema, init) => {
    const encode = createFieldwiseEncoder(schema, binaryFields);
    fc.assert(
      fc.property(messagesOf(schema, init), (messages) => {
        expect(messages.map((message) => toHex(encode(message)))).toEqual(
          messages.map((message) => Buffer.from(toBinary(schema, message)).toString("hex")),
        );
      }),
    );
  });

  it("encodes again only what differs from the message before", () => {
    const encoded: string[] = [];
    const encode = createFieldwiseEncoder(GetIceServersResponseSchema, {
      ...binaryFields,
      encodeFields(schema, message) {
        encoded.push(JSON.stringify(message));
        return binaryFields.encodeFields(schema, message);
      },
    });
    const stunServer = create(IceServerSchema, { urls: ["stun:one"] });
    const urls = ["turn:one"];
    const respondTo = (username: string, ttlSeconds = 60) =>
      create(GetIceServersResponseSchema, {
        iceServers: [stunServer, { urls, username }],
        ttlSeconds,
      });
    encode(respondTo("someone"));
    const first = encoded.splice(0);
    encode(respondTo("another"));
    expect(encoded).toEqual([]);
    encode(respondTo("third", 61));
    expect(encoded).toEqual([
      JSON.stringify(create(GetIceServersResponseSchema, { ttlSeconds: 61 })),
    ]);
    expect(first).toContain(JSON.stringify(create(IceServerSchema, { urls })));
  });

  it("keeps fields that the schema does not know", () => {
    const encode = createFieldwiseEncoder(GetIceServersResponseSchema, binaryFields);
    const $unknown = [{ no: 99, wireType: 0, data: Uint8Array.of(7) }];
    const server = create(IceServerSchema, { username: "someone" });
    const message = create(GetIceServersResponseSchema, { iceServers: [server], region: "home" });
    const messages = [
      { ...message, $unknown },
      { ...message, iceServers: [{ ...server, $unknown }] },
    ];
    expect(messages.map((one) => toHex(encode(one)))).toEqual(
      messages.map((one) =>
        Buffer.from(toBinary(GetIceServersResponseSchema, one)).toString("hex"),
      ),
    );
  });
});

function toHex(text: string): string {
  return Buffer.from(text, "latin1").toString("hex");
}

describe("createJsonPrinter", () => {
  it.each(kinds)("prints %s as the library does", (_, schema, init) => {
    const print = createJsonPrinter(schema);
    fc.assert(
      fc.property(messagesOf(schema, init), (messages) => {
        expect(messages.map(print)).toEqual(
          messages.map((message) => toJsonString(schema, message)),
        );
      }),
    );
  });
});
