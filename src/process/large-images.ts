import type { FileContents } from "../files/file-contents.js";
import type { FileImage } from "../files/files.js";
import type { PrimaryMessage } from "./messages.js";

/** From here on, an image is sent by itself, in pieces of this size. */
const pieceBytes = 256 * 1024;

/** What stands in a message in the place of an image that was sent by itself. */
export interface ImageReference extends Omit<FileImage, "bytes"> {
  readonly contentId: string;
}

/**
 * Sends one worker the images that are too large for one message: such a message would stop both
 * processes for as long as it is written and read, a tenth of a second with a country database of
 * 60 MB. What the worker has already is not sent again.
 */
export class LargeImageSender {
  readonly #send: (message: PrimaryMessage) => Promise<void>;
  #known: ReadonlySet<string> = new Set();

  /** @param send settles when the message is written */
  constructor(send: (message: PrimaryMessage) => Promise<void>) {
    this.#send = send;
  }

  /** @returns the images with references in the place of those that were sent. Not twice at once. */
  async send({
    images,
  }: FileContents): Promise<Map<string, FileImage | ImageReference | undefined>> {
    const sent = new Map<string, FileImage | ImageReference | undefined>();
    const known = new Set<string>();
    for (const [file, image] of images) {
      if (image === undefined || image.bytes.byteLength < pieceBytes) {
        sent.set(file, image);
        continue;
      }
      const { bytes, ...rest } = image;
      const contentId = `${file} ${image.version}`;
      if (!this.#known.has(contentId)) {
        await this.#sendPieces(contentId, bytes);
      }
      known.add(contentId);
      sent.set(file, { ...rest, contentId });
    }
    this.#known = known;
    return sent;
  }

  async #sendPieces(contentId: string, bytes: Uint8Array): Promise<void> {
    const { byteLength: size } = bytes;
    for (let offset = 0; offset < size; offset += pieceBytes) {
      const piece = bytes.subarray(offset, offset + pieceBytes);
      await this.#send({ kind: "piece", contentId, size, offset, bytes: piece });
    }
  }
}

/** The worker's side of {@link LargeImageSender}. */
export class LargeImages {
  readonly #contents = new Map<string, Uint8Array>();

  add({ contentId, size, offset, bytes }: Extract<PrimaryMessage, { kind: "piece" }>): void {
    const content = this.#contents.get(contentId) ?? new Uint8Array(size);
    this.#contents.set(contentId, content);
    content.set(bytes, offset);
  }

  /** Puts the images in the place of their references, and forgets all others. */
  resolve(
    images: ReadonlyMap<string, FileImage | ImageReference | undefined>,
  ): Map<string, FileImage | undefined> {
    const used = new Set<string>();
    const resolved = new Map<string, FileImage | undefined>();
    for (const [file, image] of images) {
      if (image === undefined || "bytes" in image) {
        resolved.set(file, image);
        continue;
      }
      const { contentId, ...rest } = image;
      const bytes = this.#contents.get(contentId);
      used.add(contentId);
      resolved.set(file, bytes && { ...rest, bytes });
    }
    for (const contentId of this.#contents.keys()) {
      if (!used.has(contentId)) {
        this.#contents.delete(contentId);
      }
    }
    return resolved;
  }
}
