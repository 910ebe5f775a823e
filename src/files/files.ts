/** A regular file as it was at one moment. */
export interface FileImage {
  readonly bytes: Uint8Array;
  /** Permission bits, as `stat` has them. */
  readonly mode: number;
  /** Changes whenever the file is written, or replaced by another of the same name. */
  readonly version: string;
  /**
   * Whether a container runtime mounts it as a secret, whose mode it chooses: below `/run/secrets`, as
   * Docker does, or behind the `..data` link of a Kubernetes volume.
   */
  readonly isContainerSecret: boolean;
}

/** Makes a value of the content of a file, in two steps. */
export interface FileParser<T> {
  /** Tells its values from those that others make of the same file. */
  readonly name: string;
  readonly maxBytes: number;
  /**
   * Takes out of the content what its value is made of. May take long: where calls are served, it is
   * done in a thread of its own. The result depends on nothing else, and has memory of its own, which
   * another thread can be given.
   */
  parse(bytes: Uint8Array, file: string): Uint8Array;
  /** Makes the value of what {@link parse} has returned. Takes next to no time, however much it is. */
  open(parsed: Uint8Array): T;
}

/** Where the files that a configuration names are read from. */
export interface Files {
  /**
   * Reads a whole file.
   * @throws FileReadError when it cannot be read, is no regular file, or is longer than `maxBytes`
   */
  read(file: string, maxBytes: number): FileImage;
  /**
   * The value of a whole file: for what takes long to parse.
   * @throws FileReadError as {@link read} does, and what the parser throws
   */
  parse<T>(file: string, parser: FileParser<T>): T;
}

/** A file cannot be read. The message follows the file's name, and does not contain it. */
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
    throw new FileReadError(`is larger than ${maxBytes} bytes`, "ETOOLARGE");
  }
}
