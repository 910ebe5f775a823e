import type { Server as Http1Server } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { endNothing, type Guard } from "../http/guard.js";
import { untilAcceptQueueIsEmpty } from "./accept-queue.js";
import type { Http2Farewell } from "./http2-farewell.js";
import { findIdleConnections } from "./idle-connections.js";
import type { Lingering } from "./lingering.js";

/** How long a silent connection may still bring a request once no new ones are accepted. */
const silenceGraceMs = 2_000;
const checkIntervalMs = 50;

export interface CloseOptions {
  /** From 0; what is still open then is cut. */
  readonly timeoutMs: number;
  /**
   * Has another process, which accepts connections for this one, stop that. Settles when none will
   * come any more.
   */
  readonly stopDealing?: (() => Promise<void>) | undefined;
}

/**
 * The connections of a port, and how they end without losing a request. HTTP/2 clients are told to
 * leave, and in the end which stream was the last. HTTP/1.1 clients are told by `Connection: close`,
 * which is up to the responses; those that send nothing get a while to send another request. No
 * connection is closed with bytes unread, which would be a reset and might overtake a response.
 */
export class Draining {
  readonly #server: Http1Server;
  readonly #guard: Guard;
  readonly #lingering: Lingering;
  // Each has a connection forgotten when it closes. All connections share the listeners, as thousands
  // may be open.
  readonly #keepSocket: (socket: Socket) => void;
  readonly #keepHttp1: (socket: Socket) => void;
  readonly #keepHttp2: (session: ServerHttp2Session) => void;
  /** All connections, with the bytes that came before those of the client. */
  readonly #sockets = new Map<Socket, number>();
  /** HTTP/1.1 connections, with the bytes that had been read before the first request. */
  readonly #http1 = new Map<Socket, number>();
  readonly #farewells = new Map<ServerHttp2Session, Http2Farewell>();
  /** When each connection fell silent. */
  readonly #silentSinceMs = new Map<Socket, number>();
  #accepted = 0;
  #checks: NodeJS.Timeout | undefined;
  #closeIdleConnections = () => {};
  /** What waits until no more connections are accepted. */
  #waiting: (() => void)[] | undefined;
  #cutAtMs = Number.POSITIVE_INFINITY;
  /** Set when no new connections come any more. */
  #graceMs: number | undefined;

  constructor(server: Http1Server, guard: Guard, lingering: Lingering) {
    this.#server = server;
    this.#guard = guard;
    this.#lingering = lingering;
    const [sockets, http1, farewells] = [this.#sockets, this.#http1, this.#farewells];
    const forgetSocket = guard.wrap(function (this: Socket) {
      sockets.delete(this);
    }, endNothing);
    const forgetHttp1 = guard.wrap(function (this: Socket) {
      http1.delete(this);
    }, endNothing);
    const forgetHttp2 = guard.wrap(function (this: ServerHttp2Session) {
      farewells.delete(this);
    }, endNothing);
    this.#keepSocket = (socket) => void socket.on("close", forgetSocket);
    this.#keepHttp1 = (socket) => void socket.on("close", forgetHttp1);
    this.#keepHttp2 = (session) => void session.on("close", forgetHttp2);
    const onDrop = guard.wrap(() => {
      this.#accepted += 1;
    }, endNothing);
    server.on("drop", onDrop);
  }

  /** How many clients are connected. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Takes each connection as it is accepted, before TLS. */
  addSocket(socket: Socket): void {
    this.#accepted += 1;
    this.#sockets.set(socket, 0);
    this.#keepSocket(socket);
  }

  /** Takes how many bytes a proxy has sent on a connection before those of the client. */
  noteForeignBytes(socket: Socket, bytes: number): void {
    this.#sockets.set(socket, bytes);
  }

  /** How many these are; undefined for a TLS socket, which does not see them. */
  findForeignBytes(socket: Socket): number | undefined {
    return this.#sockets.get(socket);
  }

  /**
   * Calls `serve` at once; while the port stops accepting, a moment later. Clients that connect anew
   * for each request would otherwise be back at once, and the accept queue never be empty.
   */
  admit(socket: Socket, serve: () => void): void {
    if (this.#waiting === undefined) {
      serve();
    } else {
      // A client that gives up meanwhile.
      socket.on("error", this.#guard.wrap(endNothing, endNothing));
      this.#waiting.push(() => {
        if (!socket.destroyed) {
          serve();
        }
      });
    }
  }

  /** Takes each connection that speaks HTTP/1.1, and the bytes that were read before its first request. */
  addHttp1(socket: Socket, bytesReadBefore: number): void {
    this.#http1.set(socket, bytesReadBefore);
    this.#keepHttp1(socket);
    if (this.#isDraining) {
      this.#lingering.lingerAtEnd(socket);
    }
  }

  /** Takes each connection that speaks HTTP/2, with its way to end. */
  addHttp2(session: ServerHttp2Session, farewell: Http2Farewell): void {
    this.#farewells.set(session, farewell);
    this.#keepHttp2(session);
  }

  /** Asks clients to leave. Connections are still accepted, and requests answered. */
  begin(): void {
    if (this.#isDraining) {
      return;
    }
    const check = this.#guard.wrap(() => this.#check(), endNothing);
    this.#checks = setInterval(check, checkIntervalMs);
    // When the server closes, Node would cut off connections on which a request is just arriving.
    this.#closeIdleConnections = this.#server.closeIdleConnections.bind(this.#server);
    this.#server.closeIdleConnections = () => {};
    for (const socket of this.#http1.keys()) {
      this.#lingering.lingerAtEnd(socket);
    }
  }

  /**
   * Begins, and stops accepting. Settles when all connections have ended, no later than shortly after
   * the time-out.
   */
  async close({ timeoutMs, stopDealing }: CloseOptions): Promise<void> {
    this.begin();
    const closed = new Promise<void>((resolve) => {
      this.#server.once("close", this.#guard.wrap(resolve, endNothing));
    });
    this.#cutAtMs = performance.now() + timeoutMs;
    const waiting: (() => void)[] = [];
    this.#waiting = waiting;
    await (stopDealing?.() ?? untilAcceptQueueIsEmpty(() => this.#accepted));
    this.#server.close();
    this.#waiting = undefined;
    for (const serve of waiting) {
      serve();
    }
    this.#graceMs = Math.min(silenceGraceMs, timeoutMs / 2);
    await closed;
    clearInterval(this.#checks);
  }

  get #isDraining(): boolean {
    return this.#checks !== undefined;
  }

  #check(): void {
    const nowMs = performance.now();
    if (nowMs >= this.#cutAtMs) {
      // Again and again: some may have been accepted since the last time.
      for (const socket of this.#sockets.keys()) {
        socket.destroy();
      }
      return;
    }
    const isClosing = this.#graceMs !== undefined;
    for (const [session, farewell] of this.#farewells) {
      farewell.check(nowMs, isClosing);
      if (session.destroyed) {
        // Node has closed our side, and waits for the client to close its own.
        this.#lingering.noteEnd(farewell.socket);
      }
    }
    if (this.#graceMs !== undefined) {
      this.#endSilent(nowMs, this.#graceMs);
    }
  }

  #endSilent(nowMs: number, graceMs: number): void {
    const silent = this.#findSilent();
    for (const socket of this.#silentSinceMs.keys()) {
      if (!silent.has(socket)) {
        this.#silentSinceMs.delete(socket);
      }
    }
    for (const socket of silent) {
      const sinceMs = this.#silentSinceMs.get(socket) ?? nowMs;
      this.#silentSinceMs.set(socket, sinceMs);
      if (nowMs - sinceMs >= graceMs) {
        this.#lingering.end(socket);
      }
    }
  }

  #findSilent(): Set<Socket> {
    const silent = findIdleConnections(this.#http1.keys(), this.#closeIdleConnections);
    for (const [socket, bytesReadBefore] of this.#http1) {
      if (socket.bytesRead === bytesReadBefore) {
        silent.add(socket);
      }
    }
    for (const [socket, foreignBytes] of this.#sockets) {
      // Not even a TLS handshake has begun.
      if (socket.bytesRead === foreignBytes) {
        silent.add(socket);
      }
    }
    return silent;
  }
}
