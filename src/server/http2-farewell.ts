import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { endNothing, type Guard } from "../http/guard.js";
import { sendShutdownNotice } from "./shutdown-notice.js";

/** How long a client that does not answer the PING is waited for, after its last byte. */
const silenceMs = 2_000;
/**
 * For how long a client must have sent nothing before it is asked to leave. A busy one may have chosen
 * this connection for calls that it has not sent yet, and Go's client (Caddy 2.6) fails some of these.
 * A proxy that checks the service's health soon stops sending.
 */
const quietMs = 250;
/** How long to wait for a quiet moment. */
const maxWaitMs = 1_000;
/** The age from which a busy client may be asked to leave: on a young connection, its first calls are not sent yet. */
const minAgeMs = 200;
/** How long a client that goes on sending may take to answer the PING. */
const patienceMs = 30_000;
/** How long a moment is waited for in which the announcement can be sent past Node. */
const busyMs = 1_000;

/**
 * The two steps in which an HTTP/2 connection ends (RFC 9113 section 6.8). A GOAWAY announces the end
 * and refuses nothing. A PING follows: once the client answers it, all streams that it opened before
 * it knew have arrived, and the last GOAWAY says which one was the last. Streams that are open by
 * then are finished.
 *
 * Over TLS there is only the last one: nghttp2 ignores new streams after any GOAWAY of its own, so
 * that an earlier one would keep their clients waiting for it.
 */
export class Http2Farewell {
  readonly socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #guard: Guard;
  readonly #openedAtMs = performance.now();
  #waitsSinceMs: number | undefined;
  #triedSinceMs: number | undefined;
  #announcedAtMs: number | undefined;
  /** Whether the client has answered the PING, or none was sent. */
  #isInformed = false;
  /** As of the last check. */
  #bytesRead = -1;
  #silentSinceMs = 0;

  constructor(session: ServerHttp2Session, socket: Socket, guard: Guard) {
    this.#session = session;
    this.socket = socket;
    this.#guard = guard;
  }

  /** Whether the last GOAWAY is out. Streams may still be open. */
  get isOver(): boolean {
    return this.#session.closed || this.#session.destroyed;
  }

  /**
   * Asks the client to leave, and sends the last GOAWAY when its time has come: when the port closes,
   * and the client has had time to answer. To be called often.
   */
  check(nowMs: number, isClosing: boolean): void {
    if (this.isOver) {
      return;
    }
    const { bytesRead } = this.socket;
    if (bytesRead !== this.#bytesRead) {
      // A request, perhaps, that comes in pieces.
      this.#bytesRead = bytesRead;
      this.#silentSinceMs = nowMs;
    }
    this.#waitsSinceMs ??= nowMs;
    if (this.#announcedAtMs === undefined) {
      const isQuiet = nowMs - this.#silentSinceMs >= quietMs;
      const isWaitOver = isClosing || nowMs - this.#waitsSinceMs >= maxWaitMs;
      if (isQuiet || (isWaitOver && nowMs - this.#openedAtMs >= minAgeMs)) {
        this.#announce(nowMs);
      }
    } else if (isClosing && this.#knows(nowMs, this.#announcedAtMs)) {
      this.#session.close();
    }
  }

  #announce(nowMs: number): void {
    this.#triedSinceMs ??= nowMs;
    const outcome =
      this.socket instanceof TLSSocket ? "impossible" : sendShutdownNotice(this.socket);
    if (outcome === "busy" && nowMs - this.#triedSinceMs < busyMs) {
      return;
    }
    this.#announcedAtMs = nowMs;
    if (outcome === "impossible") {
      this.#isInformed = true;
      return;
    }
    const onAnswer = this.#guard.wrap((error: Error | null) => {
      this.#isInformed = error === null;
    }, endNothing);
    this.#session.ping(onAnswer);
  }

  #knows(nowMs: number, announcedAtMs: number): boolean {
    return (
      this.#isInformed ||
      nowMs - Math.max(this.#silentSinceMs, announcedAtMs) >= silenceMs ||
      nowMs - announcedAtMs >= patienceMs
    );
  }
}
