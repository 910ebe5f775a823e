/** A regular file as it was at one moment. */
export interface FileImage {
  readonly bytes: Uint8Array;
  /** Permission bits, as `stat` has them. */
  readonly mode: number;
  /** Whether the name is a symbolic link, as Kubernetes mounts its volumes. */
  readonly isLink: boolean;
}

/** Where the files that a configuration names are read from. */
export interface Files {
  /**
   * Reads a whole file.
   * @throws FileReadError when it cannot be read, is no regular file, or is longer than `maxBytes`
   */
  read(file: string, maxBytes: number): FileImage;
}

/** A file cannot be read. The message has no file name. */
export class FileReadError extends Error {
  override readonly name = "FileReadError";

  /** @param code such as `ENOENT`; `ETOOLARGE` and `ENOTFILE` are our own */
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** @throws FileReadError `ETOOLARGE` */
export function checkSize(size: number, maxBytes: number): void {
  if (size > maxBytes) {
    throw new FileReadError(`it is larger than ${maxBytes} bytes`, "ETOOLARGE");
  }
}
