import type { ServerResponse } from "node:http";
import { rememberLast } from "../call/remember-last.js";

/** The text as a chunk (RFC 9112 section 7.1). Thousands of watches get the same text. */
const printChunk = rememberLast((text: string) => {
  const bytes = Buffer.byteLength(text).toString(16);
  return Buffer.from(`${bytes}\r\n${text}\r\n`);
});

/**
 * Writes a piece of a response as a chunk straight to its socket. Node would do the same with four
 * pieces, a queue, and another turn of the event loop: see docs/decisions/chunks-to-the-socket.md. The
 * bytes are the same.
 *
 * @returns whether it was written. If not, `response.write` must do it.
 */
export function writeChunk(response: ServerResponse, text: string): boolean {
  const { socket } = response;
  // A response that waits for its turn has no socket. One that has written nothing must send its headers
  // first. One with a slow client must be told when there is room again.
  if (
    !socket?.writable ||
    !response.chunkedEncoding ||
    response.writableLength > 0 ||
    text === ""
  ) {
    return false;
  }
  const chunk = printChunk(text);
  if (chunk.byteLength >= socket.writableHighWaterMark) {
    return false;
  }
  socket.write(chunk);
  return true;
}
