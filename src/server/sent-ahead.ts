import type { Socket } from "node:net";
import { findParser } from "./node-parser.js";

/** What may wait behind a stream, in bytes. */
const maxBytesBehindStream = 64 * 1024;
const nothing = Buffer.alloc(0);

const connections = new WeakMap<Socket, SentAhead>();

/**
 * What the client of an HTTP/1.1 connection has sent ahead of the answers (RFC 9112 section 9.3.2). One
 * request waits for the answer before it, and its headers are the last that is parsed. The bytes behind
 * them are kept, and nothing more is read.
 */
export class SentAhead {
  readonly #socket: Socket;
  /** What the parser has not seen; undefined while it is not stopped. */
  #unparsed: Buffer | undefined = undefined;
  #isStopping = false;
  #isBehindStream = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static of(socket: Socket): SentAhead {
    let connection = connections.get(socket);
    if (connection === undefined) {
      connection = new SentAhead(socket);
      connections.set(socket, connection);
    }
    return connection;
  }

  /** To be called as the parser stops, behind the headers of a request that must wait. */
  stop(): void {
    this.#isStopping = true;
    this.#unparsed = nothing;
  }

  /**
   * Keeps what the parser has left.
   * @returns false where the error is another one
   */
  keep({ code, rawPacket = nothing, bytesParsed = 0 }: ParserError): boolean {
    if (code !== "HPE_PAUSED") {
      return false;
    }
    // Once it is stopped, it leaves all that it is given.
    const rest = this.#isStopping ? rawPacket.subarray(bytesParsed) : rawPacket;
    this.#isStopping = false;
    const earlier = this.#unparsed ?? nothing;
    // Mostly there is nothing, and a copy for each request would be of all that is behind it.
    this.#unparsed = earlier.length === 0 ? rest : Buffer.concat([earlier, rest]);
    const socket = this.#socket;
    // Else Node would have the parser read on once the client has taken what waits for it.
    Reflect.set(socket, "_paused", false);
    if (!this.#isBehindStream) {
      this.#pause();
    } else if (this.#unparsed.length > maxBytesBehindStream) {
      socket.destroy();
    }
    return true;
  }

  /** Parses on, now that it is the turn of the request that has waited. */
  parseOn(): void {
    const socket = this.#socket;
    const unparsed = this.#unparsed;
    if (unparsed === undefined || socket.destroyed) {
      return;
    }
    this.#unparsed = undefined;
    findParser(socket).resume();
    // As if it had just been read: first nothing, for the end of a request without a body.
    socket.emit("data", nothing);
    if (unparsed.length > 0) {
      socket.emit("data", unparsed);
    }
    if (this.#unparsed === undefined) {
      this.#resume();
    }
  }

  /**
   * To be called when the answer under way is a stream, which may have no end: what comes is read from
   * then on, although it waits. A client that leaves would not be noticed otherwise.
   */
  beginStream(): void {
    this.#isBehindStream = true;
    if (this.#unparsed !== undefined) {
      this.#resume();
    }
  }

  endStream(): void {
    this.#isBehindStream = false;
  }

  /** Stops Node from reading. Otherwise it resumes on its own, such as at the end of a request. */
  #pause(): void {
    const socket = this.#socket;
    if (socket.isPaused()) {
      // It reads all the same. This is what it stops at.
      socket.emit("pause");
    }
    socket.pause();
    socket.resume = () => socket;
  }

  #resume(): void {
    Reflect.deleteProperty(this.#socket, "resume");
    this.#socket.resume();
  }
}

/** How Node shows that the parser went no further. */
interface ParserError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}
