import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  ConnectorTable,
  encodeConnectorTable,
} from "../../../src/authentication/connector/connector-table.js";
import { hashConnectorToken } from "../../../src/authentication/connector/connector-token.js";

const digestOf = (token: string) => hash("sha256", token);
const entry = (name: string, token: string, expiresAtSeconds?: number) => ({
  name,
  hash: hashConnectorToken(token),
  ...(expiresAtSeconds !== undefined && { expiresAtSeconds }),
});

describe("ConnectorTable", () => {
  it("finds what was put in, in any order, with names of any script", () => {
    const table = new ConnectorTable(
      encodeConnectorTable([
        entry("gateway", "a"),
        entry("zweites Tör 日本 😀", "b", 1_896_091_200),
        entry("n".repeat(200), "c", 4_102_444_800.5),
      ]),
    );
    expect(table.size).toBe(3);
    expect(["a", "b", "c", "d"].map((token) => table.find(digestOf(token)))).toEqual([
      { name: "gateway" },
      { name: "zweites Tör 日本 😀", expiresAtSeconds: 1_896_091_200 },
      { name: "n".repeat(200), expiresAtSeconds: 4_102_444_800.5 },
      undefined,
    ]);
  });

  it("knows of each token whether it may name users", () => {
    const table = new ConnectorTable(
      encodeConnectorTable([
        { ...entry("gateway", "a"), mayNameUsers: true },
        entry("phone", "b", 5),
        { ...entry("other", "c"), mayNameUsers: false },
      ]),
    );
    expect(["a", "b", "c"].map((token) => table.find(digestOf(token)))).toEqual([
      { name: "gateway", mayNameUsers: true },
      { name: "phone", expiresAtSeconds: 5 },
      { name: "other" },
    ]);
  });

  it("knows when the next token expires", () => {
    const encode = (...expiries: readonly (number | undefined)[]) =>
      new ConnectorTable(
        encodeConnectorTable(expiries.map((each, index) => entry(`${index}`, `${index}`, each))),
      );
    const table = encode(undefined, 30, 10, 20);
    expect([9, 10, 19.5, 20, 30].map((now) => table.findNextExpiry(now))).toEqual([
      ...[10, 20, 20, 30],
      undefined,
    ]);
    expect(encode().findNextExpiry(0)).toBeUndefined();
    expect(encode(undefined).findNextExpiry(0)).toBeUndefined();
  });

  it("can be empty", () => {
    const table = new ConnectorTable(encodeConnectorTable([]));
    expect([table.size, table.find(digestOf("a"))]).toEqual([0, undefined]);
  });

  it("can be anywhere in a piece of memory, as a message leaves it", () => {
    const bytes = encodeConnectorTable([entry("gateway", "a", 5)]);
    for (const offset of [0, 1, 2, 3, 5, 8]) {
      const message = new Uint8Array(offset + bytes.byteLength + 7);
      message.set(bytes, offset);
      const table = new ConnectorTable(message.subarray(offset, offset + bytes.byteLength));
      expect(table.find(digestOf("a"))).toEqual({ name: "gateway", expiresAtSeconds: 5 });
    }
  });

  it("looks at no entry before it is asked for one, so that 100,000 are handed over as fast as one", () => {
    const count = 100_000;
    const bytes = encodeConnectorTable(
      Array.from({ length: count }, (_, index) => entry("x", `token-${index}`)),
    );
    expect(new ConnectorTable(bytes).find(digestOf("token-777"))).toEqual({ name: "x" });
    // Nothing is left but how many there are, and how long their names are together.
    bytes.fill(0xff, 4, bytes.byteLength - count - 4);
    const table = new ConnectorTable(bytes);
    expect([table.size, table.find(digestOf("token-777"))]).toEqual([count, undefined]);
  });

  it.each([
    ["nothing", new Uint8Array()],
    ["too few bytes", encodeConnectorTable([entry("a", "a")]).subarray(0, -1)],
    ["too many bytes", Buffer.concat([encodeConnectorTable([entry("a", "a")]), Buffer.alloc(1)])],
    ["a number of entries that are not there", Buffer.from([255, 255, 255, 255])],
  ])("refuses %s", (_, bytes) => {
    expect(() => new ConnectorTable(bytes)).toThrow("no connector tokens");
  });
});
