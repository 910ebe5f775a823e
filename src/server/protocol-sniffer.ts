import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

export type HttpVersion = "http1" | "http2";

/** The start of the client connection preface that tells HTTP/2 (RFC 9113 section 3.4). */
const preface = Buffer.from("PRI * HTTP/2.0\r\n");

/**
 * Finds out which version of HTTP a connection speaks: by ALPN where TLS negotiated one, else by
 * the first bytes, which may come one at a time. The bytes stay readable on the socket. A client
 * that stays silent is cut, and `decide` is then never called.
 *
 * @param timeoutMs how long the client may take to send enough to tell
 */
export function sniffHttpVersion(
  socket: Socket,
  timeoutMs: number,
  decide: (version: HttpVersion) => void,
): void {
  const negotiated = socket instanceof TLSSocket ? socket.alpnProtocol : false;
  if (typeof negotiated === "string") {
    decide(negotiated === "h2" ? "http2" : "http1");
    return;
  }
  let seen: Buffer = Buffer.alloc(0);
  const cut = () => socket.destroy();
  const timer = setTimeout(cut, timeoutMs);
  const onData = (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, preface.length);
    const matches = seen.subarray(0, length).equals(preface.subarray(0, length));
    if (!matches || length === preface.length) {
      stop();
      socket.pause();
      socket.unshift(seen);
      decide(matches ? "http2" : "http1");
    }
  };
  const stop = () => {
    clearTimeout(timer);
    socket.off("data", onData).off("end", cut).off("error", cut).off("close", stop);
  };
  socket.on("data", onData).on("end", cut).on("error", cut).on("close", stop);
}
