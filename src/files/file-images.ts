import { checkSize, type FileImage, FileReadError, type Files } from "./files.js";

/** Files as another process has read them, so that all processes see the same. */
export class FileImages implements Files {
  readonly #images: ReadonlyMap<string, FileImage | undefined>;

  constructor(images: ReadonlyMap<string, FileImage | undefined>) {
    this.#images = images;
  }

  read(file: string, maxBytes: number): FileImage {
    const image = this.#images.get(file);
    if (image === undefined) {
      throw new FileReadError("it was not read", "ENOENT");
    }
    checkSize(image.bytes.byteLength, maxBytes);
    return image;
  }
}
