import { type FileContents, printValueKey } from "./file-contents.js";
import { checkSize, type FileImage, type FileParser, FileReadError, type Files } from "./files.js";

/** Files as another thread or process has read and parsed them, so that all see the same. */
export class HandedFiles implements Files {
  readonly #contents: FileContents;

  constructor(contents: FileContents) {
    this.#contents = contents;
  }

  read(file: string, maxBytes: number): FileImage {
    const image = this.#contents.images.get(file);
    if (image === undefined) {
      throw new FileReadError("it was not read", "ENOENT");
    }
    checkSize(image.bytes.byteLength, maxBytes);
    return image;
  }

  parse<T>(file: string, parser: FileParser<T>): T {
    const parsed = this.#contents.values.get(printValueKey(file, parser));
    if (parsed === undefined) {
      throw new FileReadError("it was not read", "ENOENT");
    }
    return parser.open(parsed.bytes);
  }
}
