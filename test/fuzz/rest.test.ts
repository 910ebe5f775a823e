import { type DescMessage, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findToken } from "../../src/call/presented-token.js";
import { InvalidFieldError } from "../../src/errors.js";
import { GetIceServersRequestSchema } from "../../src/gen/ice/v1/ice_service_pb.js";
import { splitRequestTarget } from "../../src/http/request-target.js";
import { parsePathTemplate } from "../../src/protocols/rest/path-template.js";
import { readRequestMessage } from "../../src/protocols/rest/request-message.js";
import { ShelfSchema } from "../schemas/gen/shelf_pb.js";
import { fuzzTimeoutMs, textOf, tryToBreak } from "./property.js";

const fieldNames = (schema: DescMessage) =>
  schema.fields.flatMap(({ name, jsonName }) => [name, jsonName]);
const query = textOf(
  ...fieldNames(GetIceServersRequestSchema),
  ...fieldNames(ShelfSchema),
  ...["title", "author", "full_name", "__proto__", "constructor", "toString", "seconds"],
  ...["=", "&", "=1&", "=a&", "=true&", "=null&", "=%7B%7D&", "=1e9&", "=-1&", "=9999999999&"],
  ...[".", "+", "%", "%00", "%F0", "[]", "2026-01-02T03:04:05Z", "1.5s", "NaN"],
);

describe("readRequestMessage", { timeout: fuzzTimeoutMs }, () => {
  it.each([GetIceServersRequestSchema, ShelfSchema])(
    "of $typeName gives a message or blames a parameter",
    async (schema) => {
      await tryToBreak(
        fc.property(query, (text) => {
          try {
            const message = readRequestMessage(schema, new Map(), text);
            expect(toBinary(schema, message)).toBeInstanceOf(Uint8Array);
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidFieldError);
          }
          expect(Object.prototype).not.toHaveProperty("a");
        }),
      );
    },
  );
});

describe("parsePathTemplate", { timeout: fuzzTimeoutMs }, () => {
  it("matches without a failure, whatever the path", async () => {
    const template = parsePathTemplate("/v1/{book.shelf_id}/books/{name=a/**}:read", Error);
    await tryToBreak(
      fc.property(textOf("/", "v1", "/books/", "a/", ":read", "%2F", "%", "%zz", ".."), (path) => {
        const variables = template.match(path);
        expect(variables === undefined || variables.size === 2).toBe(true);
      }),
    );
  });
});

describe("splitRequestTarget", { timeout: fuzzTimeoutMs }, () => {
  it("loses nothing of an origin form without percent-encoding", async () => {
    await tryToBreak(
      fc.property(textOf("/", "?", "//", "http://h", "#", ".."), (written) => {
        const text = written.replaceAll("%", "");
        const { path, query: rest } = splitRequestTarget(`/${text}`);
        expect(path + (text.includes("?") ? `?${rest}` : "")).toBe(`/${text}`);
        expect(path).not.toContain("?");
      }),
    );
  });

  it("decodes what means the same either way, and nothing twice", async () => {
    await tryToBreak(
      fc.property(fc.uint8Array({ maxLength: 20 }), (octets) => {
        const encoded = [...octets].map((octet) => `%${octet.toString(16).padStart(2, "0")}`);
        const expected = encoded.map((text) => {
          const character = String.fromCharCode(Number.parseInt(text.slice(1), 16));
          return /[A-Za-z0-9\-._~:]/.test(character) ? character : text;
        });
        expect(splitRequestTarget(`/${encoded.join("")}`).path).toBe(`/${expected.join("")}`);
      }),
    );
  });
});

describe("findToken", { timeout: fuzzTimeoutMs }, () => {
  const token68 = fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,60}={0,2}$/);

  it("finds one token, or says that it is none or too many", async () => {
    const header = fc.option(
      textOf("Bearer ", "bearer", " ", ",", "abc", "Basic ", "\t", '"a, b"'),
    );
    await tryToBreak(
      fc.property(
        header,
        textOf("token=", "token", "&", "=", "abc", "%", "%41", "+", "?"),
        (value, rawQuery) => {
          try {
            expect(["string", "undefined"]).toContain(typeof findToken(value, rawQuery)?.token);
          } catch (error) {
            expect(ConnectError.from(error).code).toBe(Code.InvalidArgument);
          }
        },
      ),
    );
  });

  it("finds every token that RFC 6750 has, in the header and raw or escaped in the query", async () => {
    const scheme = fc.constantFrom("Bearer ", "bearer ", "BEARER   ");
    await tryToBreak(
      fc.property(scheme, token68, textOf("a=", "&", "b"), (name, token, other) => {
        expect(findToken(`${name}${token}`, "")).toEqual({ token, place: "header" });
        expect(findToken(null, `x${other}&token=${token}`)).toEqual({ token, place: "query" });
        expect(findToken(null, `token=${encodeURIComponent(token)}&x${other}`)?.token).toBe(token);
        expect(() => findToken(`${name}${token}`, `token=${token}`)).toThrow(ConnectError);
        expect(findToken(`Basic ${token}`, "")).toBeUndefined();
      }),
    );
  });
});
