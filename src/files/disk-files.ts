import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { checkSize, type FileImage, FileReadError, type Files } from "./files.js";

/** The version of a file that is not there, or that we may not look at. */
export const absentVersion = "absent";

const chunkBytes = 64 * 1024;

/** Reads from disk, at start and at reload only, and remembers which files it was asked for. */
export class DiskFiles implements Files {
  /** What was read, by file name; undefined where a file could not be read. */
  readonly images = new Map<string, FileImage | undefined>();
  /** The version of each file that was read, or was to be read. */
  readonly versions = new Map<string, string>();

  read(file: string, maxBytes: number): FileImage {
    this.images.set(file, undefined);
    this.versions.set(file, absentVersion);
    try {
      const status = statSync(file);
      this.versions.set(file, printVersion(status));
      // To open something else, such as a device, could have effects.
      checkKind(status);
      const image = { ...this.#readOpen(file, maxBytes), isLink: lstatSync(file).isSymbolicLink() };
      this.images.set(file, image);
      return image;
    } catch (error) {
      throw error instanceof Error && "code" in error && !(error instanceof FileReadError)
        ? new FileReadError(error.message, String(error.code))
        : error;
    }
  }

  /** Version and bytes are of the same file, even if another takes its name meanwhile. */
  #readOpen(file: string, maxBytes: number): Pick<FileImage, "bytes" | "mode"> {
    // A pipe that has taken the name meanwhile would block for ever.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = fstatSync(descriptor);
      this.versions.set(file, printVersion(status));
      checkKind(status);
      checkSize(status.size, maxBytes);
      const bytes = readUpTo(descriptor, maxBytes + 1);
      checkSize(bytes.byteLength, maxBytes);
      return { bytes, mode: status.mode };
    } finally {
      closeSync(descriptor);
    }
  }
}

/** @throws FileReadError `ENOTFILE` */
function checkKind(status: Stats): void {
  if (!status.isFile()) {
    throw new FileReadError("it is no file", "ENOTFILE");
  }
}

/** To the end, or as far: the size that a file tells may be wrong by now, and is 0 in /proc. */
function readUpTo(descriptor: number, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  while (left > 0) {
    const chunk = Buffer.allocUnsafe(Math.min(left, chunkBytes));
    const count = readSync(descriptor, chunk);
    if (count === 0) {
      break;
    }
    chunks.push(chunk.subarray(0, count));
    left -= count;
  }
  return Buffer.concat(chunks);
}

/** Changes whenever the file is written, or replaced by another of the same name. */
export function printVersion({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(":");
}
