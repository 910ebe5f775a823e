import { deserialize, serialize } from "node:v8";
import type { FileParser } from "./files.js";

export interface PlainData<T> extends Pick<FileParser<T>, "name" | "maxBytes"> {
  /** Returns plain data, and little of it: it is copied where it is used. */
  parse(bytes: Uint8Array, file: string): T;
  /** Whether something that was handed over is such data. */
  isValue(value: unknown): value is T;
}

/** A parser whose value is plain data. */
export function plainDataParser<T>({
  name,
  maxBytes,
  parse,
  isValue,
}: PlainData<T>): FileParser<T> {
  return {
    name,
    maxBytes,
    parse: (bytes, file) => serialize(parse(bytes, file)),
    open(parsed) {
      const value: unknown = deserialize(parsed);
      if (!isValue(value)) {
        throw new Error(`what was handed over is no value of the parser ${name}`);
      }
      return value;
    },
  };
}
