import { type ProbeError, probeError } from "./probe-failure.js";
import { headerBytes, looksLikeStun, maxMessageBytes } from "./stun-message.js";

/**
 * Cuts a stream into messages: the header has the length (RFC 8489 section 6.2.2). Never keeps more
 * than one message that is allowed its length.
 */
export class StreamFrames {
  #pending: Buffer = Buffer.alloc(0);

  /**
   * @returns the messages that are whole now
   * @throws ProbeError `not-stun` or `malformed`; nothing after that can be understood
   */
  push(chunk: Buffer): Buffer[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const messages: Buffer[] = [];
    while (this.#pending.length > 0) {
      if (!looksLikeStun(this.#pending)) {
        throw notStunError(this.#pending);
      }
      if (this.#pending.length < headerBytes) {
        break;
      }
      const length = headerBytes + this.#pending.readUInt16BE(2);
      if (length > maxMessageBytes || length % 4 !== 0) {
        throw probeError("malformed", `a message of ${length} bytes was announced`);
      }
      if (this.#pending.length < length) {
        break;
      }
      messages.push(this.#pending.subarray(0, length));
      this.#pending = this.#pending.subarray(length);
    }
    return messages;
  }
}

/** Says what the server speaks instead, where that shows. */
export function notStunError(bytes: Buffer): ProbeError {
  if (bytes.subarray(0, 5).toString("latin1") === "HTTP/") {
    return probeError("not-stun", "the server speaks HTTP");
  }
  // A TLS alert or handshake record, version 3.x (RFC 8446 section 5.1).
  if (bytes.length > 1 && (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 3) {
    return probeError("not-stun", "the server speaks TLS");
  }
  return probeError("not-stun", "the response is not STUN");
}
