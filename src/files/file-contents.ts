import type { FileImage, FileParser } from "./files.js";

/** What was read of some files: all that another thread or process needs to see the same of them. */
export interface FileContents {
  /** By file name; undefined where a file could not be read. */
  readonly images: ReadonlyMap<string, FileImage | undefined>;
  /** By {@link printValueKey}. */
  readonly values: ReadonlyMap<string, ParsedFile>;
}

/** What a parser has taken out of a file. */
export interface ParsedFile {
  readonly bytes: Uint8Array;
  /** Of the file, as that of an image. */
  readonly version: string;
}

/** Names the value that a parser makes of a file. */
export function printValueKey(file: string, { name }: Pick<FileParser<unknown>, "name">): string {
  return JSON.stringify([name, file]);
}
