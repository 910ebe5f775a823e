import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DigestTable, sortDigests } from "../../src/authentication/digest-table.js";

const digestOf = (text: string) => hash("sha256", text);

describe("DigestTable", () => {
  it.each([0, 1, 2, 3, 1000])("finds each of %d digests, and no other", (count) => {
    const digests = Array.from({ length: count }, (_, index) => digestOf(`in ${index}`));
    const { bytes, order } = sortDigests(digests);
    const table = new DigestTable(bytes);
    expect(table.size).toBe(count);
    expect(digests.map((digest) => order[table.find(digest)])).toEqual([...digests.keys()]);
    for (let index = 0; index < 1000; index++) {
      expect(table.find(digestOf(`out ${index}`))).toBe(-1);
    }
  });

  it("tells digests apart by their last bits", () => {
    const digests = ["f", "0", "e", "1"].map((end) => `${"0".repeat(63)}${end}`);
    const table = new DigestTable(sortDigests(digests).bytes);
    expect(["0", "1", "2", "e", "f"].map((end) => table.find(`${"0".repeat(63)}${end}`))).toEqual([
      0, 1, -1, 2, 3,
    ]);
  });

  it("refuses what is no row of digests", () => {
    expect(() => new DigestTable(new Uint8Array(33))).toThrow("no digests");
  });
});
