import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { findErrorCode } from "../errors.js";
import { isContainerSecret } from "./container-secret.js";
import { type FileContents, type ParsedFile, printValueKey } from "./file-contents.js";
import { checkSize, type FileImage, type FileParser, FileReadError, type Files } from "./files.js";
import { isTransientCode } from "./read-failure.js";

/** The version of a file that is not there, or that we may not look at. */
export const absentVersion = "absent";

const chunkBytes = 64 * 1024;

/** Reads from disk, at start and at reload only, and remembers what it was asked for. */
export class DiskFiles implements Files, FileContents {
  readonly images = new Map<string, FileImage | undefined>();
  readonly values = new Map<string, ParsedFile>();
  /**
   * The version of each file that was read, or was to be read. Where even that could not be found
   * out, for a reason that may pass, a file has none.
   */
  readonly versions = new Map<string, string>();

  read(file: string, maxBytes: number): FileImage {
    this.images.set(file, undefined);
    const image = this.#read(file, maxBytes);
    this.images.set(file, image);
    return image;
  }

  parse<T>(file: string, parser: FileParser<T>): T {
    const { bytes, version } = this.#read(file, parser.maxBytes);
    const parsed = parser.parse(bytes, file);
    this.values.set(printValueKey(file, parser), { bytes: parsed, version });
    return parser.open(parsed);
  }

  #read(file: string, maxBytes: number): FileImage {
    try {
      const status = statSync(file);
      this.versions.set(file, printVersion(status));
      // To open something else, such as a device, could have effects.
      checkKind(status);
      const image = this.#readOpen(file, maxBytes);
      return { ...image, isContainerSecret: isContainerSecret(file) };
    } catch (error) {
      const code = findErrorCode(error);
      if (error instanceof FileReadError || !(error instanceof Error) || code === undefined) {
        throw error;
      }
      if (!this.versions.has(file) && !isTransientCode(code)) {
        this.versions.set(file, absentVersion);
      }
      throw new FileReadError(error.message, code);
    }
  }

  /** Version and bytes are of the same file, even if another takes its name meanwhile. */
  #readOpen(file: string, maxBytes: number): Omit<FileImage, "isContainerSecret"> {
    // A pipe that has taken the name meanwhile would block for ever.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = fstatSync(descriptor);
      const version = printVersion(status);
      this.versions.set(file, version);
      checkKind(status);
      checkSize(status.size, maxBytes);
      const bytes = readUpTo(descriptor, maxBytes + 1);
      checkSize(bytes.byteLength, maxBytes);
      return { bytes, mode: status.mode, version };
    } finally {
      closeSync(descriptor);
    }
  }
}

/** @throws FileReadError `ENOTFILE` */
function checkKind(status: Stats): void {
  if (!status.isFile()) {
    const kind = status.isDirectory() ? "is a directory" : "is not a regular file";
    throw new FileReadError(kind, "ENOTFILE");
  }
}

/** To the end, or as far: the size that a file reports may be wrong by now, and is 0 in /proc. */
function readUpTo(descriptor: number, maxBytes: number): Uint8Array {
  const chunks: Buffer[] = [];
  let length = 0;
  let left = maxBytes;
  while (left > 0) {
    const chunk = Buffer.allocUnsafe(Math.min(left, chunkBytes));
    const count = readSync(descriptor, chunk);
    if (count === 0) {
      break;
    }
    chunks.push(chunk.subarray(0, count));
    length += count;
    left -= count;
  }
  // With memory of its own, which another thread can be given.
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** Changes whenever the file is written, or replaced by another of the same name. */
export function printVersion({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(":");
}
