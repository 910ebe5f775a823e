import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { endNothing, type Guard } from "../http/guard.js";

export type HttpVersion = "http1" | "http2";

/** The start of the client connection preface that identifies HTTP/2 (RFC 9113 section 3.4). */
const preface = Buffer.from("PRI * HTTP/2.0\r\n");

/**
 * Finds out which version of HTTP a connection speaks. With TLS, ALPN decides, and a client without
 * it speaks HTTP/1.1 (RFC 9113 section 3.2). In the clear, the first bytes decide. They may come one
 * at a time, and stay readable on the socket. A client that may speak HTTP/1.1 and stays silent is
 * cut, and `decide` is then never called.
 *
 * @param timeoutMs how long the client may take to send enough to decide
 */
export function sniffHttpVersion(
  socket: Socket,
  timeoutMs: number,
  guard: Guard,
  decide: (version: HttpVersion) => void,
): void {
  const isSecure = socket instanceof TLSSocket;
  if (isSecure && socket.alpnProtocol === "h2") {
    decide("http2");
    return;
  }
  let seen: Buffer = Buffer.alloc(0);
  const cut = guard.wrap(() => socket.destroy(), endNothing);
  const timer = setTimeout(cut, timeoutMs);
  const onData = guard.wrap((chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, preface.length);
    const matches = !isSecure && seen.subarray(0, length).equals(preface.subarray(0, length));
    if (!matches || length === preface.length) {
      stop();
      socket.pause();
      socket.unshift(seen);
      decide(matches ? "http2" : "http1");
    }
  }, cut);
  const stop = guard.wrap(() => {
    clearTimeout(timer);
    socket.off("data", onData).off("end", cut).off("error", cut).off("close", stop);
  }, endNothing);
  socket.on("data", onData).on("end", cut).on("error", cut).on("close", stop);
  // It is paused where bytes before these have been read.
  socket.resume();
}
