import { key } from "../config/key.js";
import { wholeNumber } from "../config/scalars.js";

export const defaultMaxTokenBytes = 12 * 1024;

/** The key of `auth` for the longest token of any kind that is looked at, in UTF-8 bytes. */
export const maxTokenBytesKey = key(wholeNumber(1024, 32 * 1024), {
  default: defaultMaxTokenBytes,
  restart: "for a new value",
  help: "The longest token that is accepted, in bytes. All headers of a request together can be 8 KiB longer.",
});

export function isTooLarge(token: string, maxBytes: number): boolean {
  // A character takes up to three bytes; to count them takes longer than all the rest of a lookup.
  return (
    token.length > maxBytes || (token.length > maxBytes / 3 && Buffer.byteLength(token) > maxBytes)
  );
}
