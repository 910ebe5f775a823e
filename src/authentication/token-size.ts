import { key } from "../config/key.js";
import { wholeNumber } from "../config/scalars.js";

export const defaultMaxTokenBytes = 12 * 1024;

/** The key of `auth` that limits the length of tokens of any kind, in UTF-8 bytes. */
export const maxTokenBytesKey = key(wholeNumber(1024, 32 * 1024), {
  default: defaultMaxTokenBytes,
  restart: "for a new value",
  help: "The longest token that is accepted, in bytes. All headers of a request together can be 8 KiB longer.",
});

export function isTooLarge(token: string, maxBytes: number): boolean {
  // A character has up to three bytes. Counting them would take longer than the rest of a lookup.
  return (
    token.length > maxBytes || (token.length > maxBytes / 3 && Buffer.byteLength(token) > maxBytes)
  );
}
