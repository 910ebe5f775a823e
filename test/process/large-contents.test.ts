import { hash } from "node:crypto";
import { serialize } from "node:v8";
import { beforeEach, describe, expect, it } from "vitest";
import { encodeConnectorTable } from "../../src/authentication/connector/connector-table.js";
import { hashConnectorToken } from "../../src/authentication/connector/connector-token.js";
import type { FileContents, ParsedFile } from "../../src/files/file-contents.js";
import type { FileImage } from "../../src/files/files.js";
import { LargeContentSender, LargeContents } from "../../src/process/large-contents.js";
import { primaryMessageSchema } from "../../src/process/messages.js";

const size = 1_000_000;
const large = (version: string, fill: number): FileImage => ({
  bytes: new Uint8Array(size).fill(fill),
  mode: 0o600,
  version,
  isContainerSecret: false,
});
const small: FileImage = {
  bytes: Buffer.from("small"),
  mode: 0o600,
  version: "1",
  isContainerSecret: true,
};

let receiver: LargeContents;
let sender: LargeContentSender;
let pieces: number[];
beforeEach(() => {
  receiver = new LargeContents();
  pieces = [];
  sender = new LargeContentSender(async (message) => {
    const data = primaryMessageSchema.parse(message);
    if (data.kind === "piece") {
      pieces.push(data.bytes.byteLength);
      receiver.add(data);
    }
  });
});

type Images = ReadonlyMap<string, FileImage | undefined>;

/** Digests are compared, as a comparison of a million elements takes seconds. */
const digest = (contents: FileContents) => {
  const hashBytes = (content: FileImage | ParsedFile | undefined) =>
    content && { ...content, bytes: hash("sha256", content.bytes) };
  return [...contents.images, ...contents.values].map(([name, content]) => [
    name,
    hashBytes(content),
  ]);
};
const contentsOf = (images: Images, values: FileContents["values"] = new Map()) => ({
  images,
  values,
});

/** Hands contents over, and expects them to arrive. */
async function hand(contents: FileContents): Promise<void> {
  expect(digest(receiver.resolve(await sender.send(contents)))).toEqual(digest(contents));
}

describe("LargeContentSender and LargeContents", () => {
  it("hand over everything, what is large in pieces", async () => {
    await hand(
      contentsOf(
        new Map([
          ["a", large("1", 7)],
          ["b", small],
          ["c", undefined],
        ]),
        new Map([
          ["d", { bytes: new Uint8Array(300_000).fill(9), version: "1" }],
          ["e", { bytes: Buffer.from("small"), version: "2" }],
        ]),
      ),
    );
    expect(pieces).toEqual([262_144, 262_144, 262_144, 213_568, 262_144, 37_856]);
  });

  it("send what is large again only when it has changed", async () => {
    await hand(contentsOf(new Map([["a", large("1", 7)]])));
    await hand(contentsOf(new Map([["a", large("1", 7)]])));
    expect(pieces).toHaveLength(4);
    await hand(contentsOf(new Map([["a", large("2", 8)]])));
    expect(pieces).toHaveLength(8);
  });

  it("forget what is not used any more", async () => {
    await hand(contentsOf(new Map([["a", large("1", 7)]])));
    await hand(contentsOf(new Map()));
    await hand(contentsOf(new Map([["a", large("1", 7)]])));
    expect(pieces).toHaveLength(8);
  });

  it("get over a message that nobody heard", async () => {
    await sender.send(contentsOf(new Map([["a", large("1", 7)]])));
    await hand(contentsOf(new Map([["a", large("1", 7)]])));
    expect(pieces).toHaveLength(4);
  });

  it("need no message that stalls a process, with 100,000 connector tokens", async () => {
    const bytes = encodeConnectorTable(
      Array.from({ length: 100_000 }, (_, index) => ({
        name: `client-${index}`,
        hash: hashConnectorToken(`token-${index}`),
      })),
    );
    const sizes: number[] = [];
    const measured = new LargeContentSender(async (message) => {
      sizes.push(serialize(message).byteLength);
    });
    const values = new Map([["tokens", { bytes, version: "1" }]]);
    const referring = await measured.send(contentsOf(new Map(), values));
    sizes.push(
      serialize({ kind: "configure", ...referring, downUrls: [], managed: [] }).byteLength,
    );
    expect(sizes.length).toBeGreaterThan(20);
    expect(Math.max(...sizes)).toBeLessThan(300 * 1024);
  });
});
