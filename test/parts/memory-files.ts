import {
  checkSize,
  type FileImage,
  type FileParser,
  FileReadError,
  type Files,
} from "../../src/files/files.js";

/** Files by the end of their names, without a disk. */
export class MemoryFiles implements Files {
  readonly #contents: Readonly<Record<string, string | Uint8Array>>;

  constructor(contents: Readonly<Record<string, string | Uint8Array>>) {
    this.#contents = contents;
  }

  read(file: string, maxBytes: number): FileImage {
    const content = this.#contents[file.slice(file.lastIndexOf("/") + 1)];
    if (content === undefined) {
      throw new FileReadError("no such file", "ENOENT");
    }
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    checkSize(bytes.byteLength, maxBytes);
    return { bytes, mode: 0o600, version: "1", isContainerSecret: false };
  }

  parse<T>(file: string, parser: FileParser<T>): T {
    return parser.open(parser.parse(this.read(file, parser.maxBytes).bytes, file));
  }
}
