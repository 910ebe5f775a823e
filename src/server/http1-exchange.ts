import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Guard } from "../http/guard.js";
import { type FaultAnswerer, guardListener, type HttpExchange } from "../http/http-exchange.js";
import type { HttpAnswer, HttpHeaders } from "../http/http-message.js";
import { RequestHeaders } from "../http/request-headers.js";
import { writeChunk } from "./chunk-writer.js";
import type { Lingering } from "./lingering.js";
import { isRetiring } from "./retiring-connections.js";
import { SentAhead } from "./sent-ahead.js";

/** What is read on after an answer, so that the connection can be kept. */
const smallRequestBytes = 64 * 1024;
/** How long a client that is still sending may take to read its answer, in milliseconds. */
const lingerMs = 2000;

/** An exchange over HTTP/1.1 or HTTP/1.0. */
export class Http1Exchange implements HttpExchange {
  readonly arrivedAtMs = performance.now();
  readonly remoteAddress: string | undefined;
  readonly connection: Socket;
  readonly headers: RequestHeaders;
  readonly body: IncomingMessage;
  readonly output: ServerResponse;
  answerer: FaultAnswerer | undefined = undefined;
  readonly #guard: Guard;
  readonly #lingering: Lingering;
  #goneListener: (() => void) | undefined = undefined;
  /** Whether the headers have gone out with a piece of the body. */
  #hasWritten = false;
  /** Whether the client has announced a body that it sends when it is asked to (RFC 9110 section 10.1.1). */
  #waitsToSend: boolean;

  constructor(
    guard: Guard,
    lingering: Lingering,
    request: IncomingMessage,
    response: ServerResponse,
    waitsToSend = false,
  ) {
    this.#guard = guard;
    this.#lingering = lingering;
    this.connection = request.socket;
    this.#waitsToSend = waitsToSend;
    this.remoteAddress = request.socket.remoteAddress;
    this.headers = new RequestHeaders(request.rawHeaders);
    this.body = request;
    this.output = response;
  }

  /** Node's parser lets any version through: all but 1.0 count as 1.1. */
  get httpVersion(): "1.0" | "1.1" {
    return this.body.httpVersion === "1.0" ? "1.0" : "1.1";
  }

  get method(): string {
    return this.body.method ?? "";
  }

  get target(): string {
    return this.body.url ?? "";
  }

  guard<Args extends unknown[]>(listener: (...args: Args) => void): (...args: Args) => void {
    return guardListener(this.#guard, this, listener);
  }

  get hasBody(): boolean {
    return this.headers.announceBody();
  }

  isComplete(): boolean {
    return this.body.complete || !this.hasBody;
  }

  /** Node would read the body once more after the response. */
  takeBody(): undefined {}

  acceptBody(): void {
    if (this.#waitsToSend) {
      this.#waitsToSend = false;
      this.output.writeContinue();
    }
  }

  isGone(): boolean {
    return this.output.destroyed || this.connection.destroyed;
  }

  onGone(listener: () => void): void {
    const earlier = this.#goneListener;
    if (earlier === undefined) {
      this.#goneListener = listener;
      this.output.on(
        "close",
        this.guard(() => this.#goneListener?.()),
      );
    } else {
      this.#goneListener = () => {
        earlier();
        listener();
      };
    }
  }

  send({ status, headers, body, trailers }: HttpAnswer): void {
    this.#writeHead(status, headers);
    this.#end(this.method === "HEAD" ? undefined : body, trailers);
  }

  start(status: number, headers: HttpHeaders): void {
    SentAhead.of(this.connection).beginStream();
    this.#writeHead(status, headers);
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.#hasWritten && typeof chunk === "string" && writeChunk(this.output, chunk)) {
      return true;
    }
    const hasRoom = this.output.write(chunk);
    if (!this.#hasWritten) {
      this.#hasWritten = true;
      forgetHead(this.output);
    }
    return hasRoom;
  }

  finish(trailers?: HttpHeaders): void {
    SentAhead.of(this.connection).endStream();
    if (isRetiring(this.connection)) {
      this.closeAfterwards();
    }
    this.#end(undefined, trailers);
  }

  closeAfterwards(): void {
    this.output.shouldKeepAlive = false;
    if (this.output.headersSent) {
      // They have said something else, and Node follows them.
      this.output.once(
        "finish",
        this.guard(() => this.connection.end()),
      );
    }
  }

  destroy(): void {
    this.output.destroy();
  }

  #writeHead(status: number, headers: HttpHeaders): void {
    // Rather than read on what the client still sends.
    if (this.#closesEarly() || isRetiring(this.connection)) {
      this.closeAfterwards();
    }
    this.output.writeHead(status, headers);
  }

  #end(body: string | Uint8Array | undefined, trailers: HttpHeaders | undefined): void {
    // Node reports the end of an answer like that of a client.
    this.#goneListener = undefined;
    if (trailers !== undefined) {
      this.output.addTrailers(trailers);
    }
    if (this.#closesEarly()) {
      this.#lingering.lingerAtEnd(this.connection, lingerMs);
      readSmallRest(this);
    }
    this.output.end(body);
  }

  /** Whether the connection is closed on a client that is still sending. */
  #closesEarly(): boolean {
    return !this.isComplete() && !this.#isSmall();
  }

  /**
   * Whether the rest of the request may be read, so that the connection can be kept. A client that was
   * not asked for its body may send it all the same, or leave it out and send the next request.
   */
  #isSmall(): boolean {
    if (this.#waitsToSend) {
      return false;
    }
    const length = this.headers.find("content-length");
    return length !== null && Number(length) <= smallRequestBytes;
  }
}

/**
 * Node keeps the head of a response for as long as the response is open, in dozens of pieces: 1.2 KB for
 * each watch. Once it is sent, Node only looks whether there is one.
 */
function forgetHead(response: ServerResponse): void {
  if (Reflect.get(response, "_headerSent") === true) {
    Reflect.set(response, "_header", "sent");
  }
}

/**
 * Reads on behind an answer, so that the client can finish its request and close its side: a close with
 * unread bytes is a reset, which may overtake the answer and fails what the client still writes (RFC 9112
 * section 9.6). More than a small rest stays unread.
 */
function readSmallRest(exchange: Http1Exchange): void {
  let left = smallRequestBytes;
  const onData = exchange.guard((chunk: Uint8Array) => {
    left -= chunk.byteLength;
    if (left < 0) {
      exchange.body.pause();
    }
  });
  exchange.body.on("data", onData);
}
