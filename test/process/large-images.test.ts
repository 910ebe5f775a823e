import { hash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import type { FileImage } from "../../src/files/files.js";
import { LargeImageSender, LargeImages } from "../../src/process/large-images.js";
import { primaryMessageSchema } from "../../src/process/messages.js";

const size = 1_000_000;
const large = (version: string, fill: number): FileImage => ({
  bytes: new Uint8Array(size).fill(fill),
  mode: 0o600,
  version,
  isLink: false,
});
const small: FileImage = { bytes: Buffer.from("small"), mode: 0o600, version: "1", isLink: true };

let receiver: LargeImages;
let sender: LargeImageSender;
let pieces: number[];
beforeEach(() => {
  receiver = new LargeImages();
  pieces = [];
  sender = new LargeImageSender(async (message) => {
    const data = primaryMessageSchema.parse(message);
    if (data.kind === "piece") {
      pieces.push(data.bytes.byteLength);
      receiver.add(data);
    }
  });
});

type Images = ReadonlyMap<string, FileImage | undefined>;

/** Digests are compared, as a comparison of a million elements takes seconds. */
const digest = (images: Images) =>
  [...images].map(([name, image]) => [
    name,
    image && { ...image, bytes: hash("sha256", image.bytes) },
  ]);

const hand = async (images: Images) =>
  digest(receiver.resolve(await sender.send({ images, values: new Map() })));

describe("LargeImageSender and LargeImages", () => {
  it("hand over all images, the large ones in pieces", async () => {
    const images = new Map([
      ["a", large("1", 7)],
      ["b", small],
      ["c", undefined],
    ]);
    expect(await hand(images)).toEqual(digest(images));
    expect(pieces).toEqual([262_144, 262_144, 262_144, 213_568]);
  });

  it("send a large one again only when it has changed", async () => {
    await hand(new Map([["a", large("1", 7)]]));
    expect(await hand(new Map([["a", large("1", 7)]]))).toEqual(
      digest(new Map([["a", large("1", 7)]])),
    );
    expect(pieces).toHaveLength(4);
    expect(await hand(new Map([["a", large("2", 8)]]))).toEqual(
      digest(new Map([["a", large("2", 8)]])),
    );
    expect(pieces).toHaveLength(8);
  });

  it("forget what is not used any more", async () => {
    await hand(new Map([["a", large("1", 7)]]));
    await hand(new Map());
    const images = new Map([["a", large("1", 7)]]);
    expect(await hand(images)).toEqual(digest(images));
    expect(pieces).toHaveLength(8);
  });

  it("get over a message that nobody heard", async () => {
    await sender.send({ images: new Map([["a", large("1", 7)]]), values: new Map() });
    const images = new Map([["a", large("1", 7)]]);
    expect(await hand(images)).toEqual(digest(images));
    expect(pieces).toHaveLength(4);
  });
});
