import {
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { endNothing, type Guard } from "../http/guard.js";
import type { HttpLimits } from "../http/http-limits.js";
import { type Http2Connection, Http2Exchange } from "./http2-exchange.js";
import type { Turns } from "./turns.js";

/** What {@link serveSession} makes of a connection. */
export interface ServedSession {
  /** Ends what has outlived its limit. To be called now and then. */
  readonly check: () => void;
  /** Whether requests have come, and all of them have ended. */
  readonly isAtRest: () => boolean;
}

/**
 * Makes an exchange of each stream of an HTTP/2 connection over this socket. Its check bounds what
 * Node leaves open: how long a request may take to arrive and an answer to be taken, how long a
 * connection may be idle, and how much may come that belongs to no request. Node and nghttp2 end
 * most floods at once, but answer PING and SETTINGS forever, and read frames without effect.
 */
export function serveSession(
  session: ServerHttp2Session,
  socket: Socket,
  connection: Http2Connection,
  limits: HttpLimits,
  guard: Guard,
  turns: Turns,
): ServedSession {
  const open = new Map<ServerHttp2Stream, Http2Exchange>();
  let idleSinceMs = performance.now();
  let bytesReadBefore = 0;
  /** How many bytes the client may send until the next check, for all that is known now. */
  let creditBytes = 0;
  let hasServed = false;
  let isEnding = false;
  /** Whether its last GOAWAY was out, and no stream open, at the last check. */
  let isLeft = false;

  // One function for all streams: each listener that is made for a call costs it some of its speed.
  const onClose = guard.wrap(function (this: ServerHttp2Stream): void {
    const exchange = open.get(this);
    open.delete(this);
    idleSinceMs = performance.now();
    turns.noteLeft();
    exchange?.closed();
  }, endNothing);
  const onWantTrailers = guard.wrap(function (this: ServerHttp2Stream): void {
    open.get(this)?.sendTrailers();
  }, endNothing);
  // A client that resets its stream is no error of ours; those who wait hear of it by "close".
  const onError = guard.wrap(endNothing, endNothing);
  const onStream = guard.wrap(
    (
      stream: ServerHttp2Stream,
      headers: IncomingHttpHeaders,
      flags: number,
      rawHeaders: string[],
    ) => {
      // First, as the guard ends a stream with an error.
      stream.on("close", onClose).on("error", onError).on("wantTrailers", onWantTrailers);
      const exchange = new Http2Exchange(guard, stream, headers, rawHeaders, flags, connection);
      open.set(stream, exchange);
      hasServed = true;
      creditBytes += limits.maxStreamBytes;
      turns.begin(exchange);
    },
    // Never the session: Node does not bear its end while it reads frames.
    (_, stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  );
  session.on("stream", onStream);

  function isFlooding(): boolean {
    const { bytesRead } = socket;
    creditBytes += limits.maxControlBytes - (bytesRead - bytesReadBefore);
    bytesReadBefore = bytesRead;
    const isOver = creditBytes < 0;
    // What was not used is kept for as long as a stream may still use it.
    creditBytes = Math.min(creditBytes, open.size * limits.maxStreamBytes);
    return isOver;
  }

  function check(): void {
    const nowMs = performance.now();
    if (session.destroyed) {
      // Node waits forever for the client to take the last bytes. The client has until the next check.
      if (isEnding) {
        socket.destroy();
      }
      isEnding = true;
      return;
    }
    if (isFlooding()) {
      session.destroy(
        new Error("more came than its requests account for"),
        constants.NGHTTP2_ENHANCE_YOUR_CALM,
      );
      return;
    }
    for (const [stream, exchange] of open) {
      if ((exchange.waitsForClientSinceMs ?? nowMs) < nowMs - limits.requestTimeoutMs) {
        if (stream.closed) {
          // Since the last check: the client takes nothing at all, not even the end of a stream.
          session.destroy();
          return;
        }
        stream.close(constants.NGHTTP2_CANCEL);
      }
    }
    // A long-lived stream that is quiet, such as a watch, is no reason to end its connection.
    if (open.size > 0) {
      return;
    }
    if (session.closed) {
      // Node waits until the client has taken the last bytes. Over TLS, it may not notice that the client has gone.
      if (isLeft) {
        session.destroy();
      }
      isLeft = true;
    } else if (idleSinceMs < nowMs - limits.idleTimeoutMs) {
      session.close();
    }
  }

  return { check, isAtRest: () => hasServed && open.size === 0 };
}
