import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  type Stats,
  statSync,
} from "node:fs";
import { checkSize, type FileImage, FileReadError, type Files } from "./files.js";

/** The version of a file that is not there, or that we may not look at. */
export const absentVersion = "absent";

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
      // To open something else, such as a pipe, could block for ever.
      if (!status.isFile()) {
        throw new FileReadError("it is no file", "ENOTFILE");
      }
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
    const descriptor = openSync(file, "r");
    try {
      const status = fstatSync(descriptor);
      this.versions.set(file, printVersion(status));
      checkSize(status.size, maxBytes);
      const bytes = readFileSync(descriptor);
      checkSize(bytes.byteLength, maxBytes);
      return { bytes, mode: status.mode };
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Changes whenever the file is written, or replaced by another of the same name. */
export function printVersion({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(":");
}
