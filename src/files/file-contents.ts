import type { FileImage, FileParser } from "./files.js";

/** What was read of some files: all that another thread or process needs to see the same of them. */
export interface FileContents {
  /** By file name; undefined where a file could not be read. */
  readonly images: ReadonlyMap<string, FileImage | undefined>;
  /** What `node:v8` serializes of each parsed value, by {@link printValueKey}. */
  readonly values: ReadonlyMap<string, Uint8Array>;
}

/** Names the value that a parser makes of a file. */
export function printValueKey(file: string, { name }: Pick<FileParser<unknown>, "name">): string {
  return JSON.stringify([name, file]);
}
