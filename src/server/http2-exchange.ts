import {
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
  sensitiveHeaders,
} from "node:http2";
import type { Guard } from "../http/guard.js";
import {
  type FaultAnswerer,
  failExchange,
  guardListener,
  type HttpExchange,
} from "../http/http-exchange.js";
import type { HttpAnswer, HttpHeaders } from "../http/http-message.js";
import { noBytes } from "../http/request-body.js";
import { RequestHeaders } from "../http/request-headers.js";
import { requestIdHeader } from "../http/request-id.js";

const waitForTrailers = { waitForTrailers: true };

/**
 * Headers whose values never repeat. In the table that the client keeps for compression (RFC 7541
 * section 2.3.2), they would displace those that do, at a cost of a few percent of a call.
 */
const unindexedHeaders = [requestIdHeader];

/** What all exchanges of an HTTP/2 connection share. */
export interface Http2Connection {
  readonly remoteAddress: string | undefined;
}

/**
 * An exchange over HTTP/2, straight on Node's stream: the request and response objects that Node
 * puts before it for compatibility cost more than the call.
 */
export class Http2Exchange implements HttpExchange {
  readonly httpVersion = "2.0";
  readonly arrivedAtMs = performance.now();
  readonly method: string;
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly connection: Http2Connection;
  answerer: FaultAnswerer | undefined = undefined;
  readonly #guard: Guard;
  readonly #stream: ServerHttp2Stream;
  readonly #endAfterHeaders: boolean;
  #isBodyTaken = false;
  #trailers: HttpHeaders | undefined;
  /** Not the stream's own state: Node ends one that the client resets as well. */
  #answeredAtMs: number | undefined;
  #goneListener: (() => void) | undefined;

  /**
   * @param rawHeaders names and values in turn, pseudo-headers included
   * @param flags of the HEADERS frame
   */
  constructor(
    guard: Guard,
    stream: ServerHttp2Stream,
    { ":method": method = "", ":path": target = "" }: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    flags: number,
    connection: Http2Connection,
  ) {
    this.#guard = guard;
    this.#stream = stream;
    this.method = method;
    this.target = target;
    this.headers = new RequestHeaders(rawHeaders);
    this.#endAfterHeaders = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    this.connection = connection;
  }

  get remoteAddress(): string | undefined {
    return this.connection.remoteAddress;
  }

  get body(): ServerHttp2Stream {
    return this.#stream;
  }

  get output(): ServerHttp2Stream {
    return this.#stream;
  }

  /** When the client was last expected to send, or to read its answer, in milliseconds of performance.now(). */
  get waitsForClientSinceMs(): number | undefined {
    // In a stream that is answered already, the client sends when it has something to ask.
    const mustSendOn = !this.#stream.headersSent && !this.isComplete();
    return this.#answeredAtMs ?? (mustSendOn ? this.arrivedAtMs : undefined);
  }

  guard<Args extends unknown[]>(listener: (...args: Args) => void): (...args: Args) => void {
    return guardListener(this.#guard, this, listener);
  }

  get hasBody(): boolean {
    return !this.#endAfterHeaders;
  }

  isComplete(): boolean {
    return this.#endAfterHeaders || this.#isBodyTaken || this.#stream.readableEnded;
  }

  takeBody(): Uint8Array | undefined {
    // Node also ends the body of a client that gives its request up.
    if (!hasArrived(this.#stream) || this.isGone()) {
      return undefined;
    }
    this.#isBodyTaken = true;
    const bytes: Uint8Array | null = this.#stream.read();
    return bytes ?? noBytes;
  }

  acceptBody(): void {
    if (
      this.headers.find("expect")?.toLowerCase() === "100-continue" &&
      !this.isComplete() &&
      !this.isGone()
    ) {
      this.#stream.additionalHeaders({ ":status": constants.HTTP_STATUS_CONTINUE });
    }
  }

  isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  onGone(listener: () => void): void {
    const earlier = this.#goneListener;
    this.#goneListener = this.guard(() => {
      earlier?.();
      listener();
    });
  }

  /** To be called when the stream has closed. */
  closed(): void {
    if (this.#answeredAtMs === undefined) {
      this.#goneListener?.();
    }
  }

  send({ status, headers, body, trailers }: HttpAnswer): void {
    this.#answeredAtMs = performance.now();
    if (trailers !== undefined) {
      this.start(status, headers, true);
      this.#trailers = trailers;
      this.#stream.end(body);
      return;
    }
    const endStream = body.length === 0 || this.method === "HEAD";
    prepareHeaders(headers, status);
    this.#stream.respond(headers, { endStream });
    if (!endStream) {
      this.#stream.end(body);
    }
    this.#endUnreadRequest();
  }

  start(status: number, headers: HttpHeaders, withTrailers: boolean): void {
    prepareHeaders(headers, status);
    this.#stream.respond(headers, withTrailers ? waitForTrailers : undefined);
  }

  write(chunk: string | Uint8Array): boolean {
    return this.#stream.write(chunk);
  }

  /** To be called when Node asks for the trailers. */
  sendTrailers(): void {
    try {
      // The client may have reset the stream since Node asked: then it would throw.
      if (!this.isGone()) {
        this.#stream.sendTrailers(this.#trailers ?? {});
        this.#endUnreadRequest();
      }
    } catch (error) {
      this.#guard.take(error, () => failExchange(this, error));
    }
  }

  finish(trailers?: HttpHeaders): void {
    this.#answeredAtMs = performance.now();
    this.#trailers = trailers;
    this.#stream.end();
    if (trailers === undefined) {
      this.#endUnreadRequest();
    }
  }

  closeAfterwards(): void {
    // The session closes itself at the end; a single stream has no say in it.
  }

  destroy(isOurFault = false): void {
    this.#stream.close(isOurFault ? constants.NGHTTP2_INTERNAL_ERROR : constants.NGHTTP2_CANCEL);
  }

  /** Once the answer is out, a client need not send on (RFC 9113 section 8.1). */
  #endUnreadRequest(): void {
    if (!this.isComplete()) {
      // Node writes what is queued, trailers above all, before it runs this.
      setImmediate(
        this.guard(() => {
          this.#stream.close(constants.NGHTTP2_NO_ERROR);
          // What has come and nobody reads would keep the stream, and its share of the connection's window.
          this.#stream.removeAllListeners("readable").resume();
        }),
      );
    }
  }
}

/** Whether Node has the end of the body. Nothing public says so before the body has been read. */
function hasArrived(stream: ServerHttp2Stream): boolean {
  const state: unknown = Reflect.get(stream, "_readableState");
  return typeof state === "object" && state !== null && Reflect.get(state, "ended") === true;
}

function prepareHeaders(headers: HttpHeaders, status: number): void {
  headers[":status"] = String(status);
  Reflect.set(headers, sensitiveHeaders, unindexedHeaders);
}
