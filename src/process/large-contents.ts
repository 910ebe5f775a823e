import type { FileContents, ParsedFile } from "../files/file-contents.js";
import type { FileImage } from "../files/files.js";
import type { PrimaryMessage } from "./messages.js";

/** From here on, the bytes of a file are sent by themselves, in pieces of this size. */
const pieceBytes = 256 * 1024;

/** What a message contains in place of something whose bytes were sent by themselves. */
export type Reference<T> = Omit<T, "bytes"> & { readonly contentId: string };

/** {@link FileContents} with references in the place of large bytes. */
export interface ReferringContents {
  readonly images: Map<string, FileImage | Reference<FileImage> | undefined>;
  readonly values: Map<string, ParsedFile | Reference<ParsedFile>>;
}

interface Content {
  readonly bytes: Uint8Array;
  /** Changes with the bytes. */
  readonly version: string;
}

/**
 * Sends one worker the bytes that are too large for one message: such a message would stop both
 * processes for as long as it is written and read, a tenth of a second with a country database of
 * 60 MB. What the worker has already is not sent again.
 */
export class LargeContentSender {
  readonly #send: (message: PrimaryMessage) => Promise<void>;
  #known: ReadonlySet<string> = new Set();

  /** @param send settles when the message is written */
  constructor(send: (message: PrimaryMessage) => Promise<void>) {
    this.#send = send;
  }

  /** Not twice at once. */
  async send(contents: FileContents): Promise<ReferringContents> {
    const used = new Set<string>();
    const images: ReferringContents["images"] = new Map();
    const values: ReferringContents["values"] = new Map();
    for (const [name, image] of contents.images) {
      images.set(name, image && (await this.#sendLarge(name, image, used)));
    }
    for (const [name, value] of contents.values) {
      values.set(name, await this.#sendLarge(name, value, used));
    }
    this.#known = used;
    return { images, values };
  }

  /** @param used gets the ID of what was sent */
  async #sendLarge<T extends Content>(
    name: string,
    content: T,
    used: Set<string>,
  ): Promise<T | Reference<T>> {
    const { bytes, ...rest } = content;
    if (bytes.byteLength < pieceBytes) {
      return content;
    }
    const contentId = `${name} ${content.version}`;
    used.add(contentId);
    if (!this.#known.has(contentId)) {
      await this.#sendPieces(contentId, bytes);
    }
    return { ...rest, contentId };
  }

  async #sendPieces(contentId: string, bytes: Uint8Array): Promise<void> {
    const { byteLength: size } = bytes;
    for (let offset = 0; offset < size; offset += pieceBytes) {
      const piece = bytes.subarray(offset, offset + pieceBytes);
      await this.#send({ kind: "piece", contentId, size, offset, bytes: piece });
    }
  }
}

/** The worker's side of {@link LargeContentSender}. */
export class LargeContents {
  readonly #bytes = new Map<string, Uint8Array>();

  add({ contentId, size, offset, bytes }: Extract<PrimaryMessage, { kind: "piece" }>): void {
    const content = this.#bytes.get(contentId) ?? new Uint8Array(size);
    this.#bytes.set(contentId, content);
    content.set(bytes, offset);
  }

  /** Puts the bytes in the place of their references, and forgets all others. */
  resolve(contents: ReferringContents): FileContents {
    const used = new Set<string>();
    const images = new Map<string, FileImage | undefined>();
    const values = new Map<string, ParsedFile>();
    const take = (contentId: string) => {
      used.add(contentId);
      return this.#bytes.get(contentId);
    };
    for (const [name, image] of contents.images) {
      if (image === undefined || "bytes" in image) {
        images.set(name, image);
      } else {
        const { contentId, ...rest } = image;
        const bytes = take(contentId);
        images.set(name, bytes && { ...rest, bytes });
      }
    }
    for (const [name, value] of contents.values) {
      const bytes = "bytes" in value ? value.bytes : take(value.contentId);
      if (bytes !== undefined) {
        values.set(name, { version: value.version, bytes });
      }
    }
    for (const contentId of this.#bytes.keys()) {
      if (!used.has(contentId)) {
        this.#bytes.delete(contentId);
      }
    }
    return { images, values };
  }
}
