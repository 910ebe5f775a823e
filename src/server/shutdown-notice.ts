import { writeSync } from "node:fs";
import type { Socket } from "node:net";

/** A GOAWAY frame with the highest stream and NO_ERROR (RFC 9113 sections 4.1 and 6.8). */
const notice = Buffer.from("000008070000000000" + "7fffffff" + "00000000", "hex");

/** The result of {@link sendShutdownNotice}. */
export type NoticeOutcome = "sent" | "busy" | "impossible";

/**
 * Warns an HTTP/2 client that the connection is about to end, while streams that it opens are still
 * served (RFC 9113 section 6.8). nghttp2 has a function for this, but Node does not offer it, and
 * nghttp2 ignores new streams after any other GOAWAY. Therefore the frame is written straight to the TCP
 * connection, between two of Node's frames, when none of Node's bytes wait. Over TLS, that is
 * impossible.
 *
 * @returns `busy` when Node has bytes to send, or has not sent any: try again later
 */
export function sendShutdownNotice(socket: Socket): NoticeOutcome {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (!(handle instanceof Object)) {
    return "impossible";
  }
  const fd: unknown = Reflect.get(handle, "fd");
  const queuedBytes: unknown = Reflect.get(handle, "writeQueueSize");
  if (typeof fd !== "number" || fd < 0 || typeof queuedBytes !== "number") {
    return "impossible";
  }
  // The first frame must be Node's SETTINGS (RFC 9113 section 3.4).
  if (queuedBytes > 0 || socket.bytesWritten === 0) {
    return "busy";
  }
  try {
    if (writeSync(fd, notice) === notice.length) {
      return "sent";
    }
  } catch {
    // The kernel's buffer is full, or the client is gone.
    return "busy";
  }
  // After half a frame, everything else would be misread.
  socket.destroy();
  return "impossible";
}
