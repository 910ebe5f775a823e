import type { Readable, Writable } from "node:stream";
import type { Guard } from "./guard.js";
import type { HttpAnswer, HttpHeaders } from "./http-message.js";
import type { RequestHeaders } from "./request-headers.js";

/** Answers an exchange, also when a listener of ours has thrown. */
export interface FaultAnswerer {
  /**
   * Sends an internal error where that is still possible, and resets the exchange otherwise.
   * @returns whether the error has been logged
   */
  fail(error: unknown): boolean;
}

/** One request and its response, the same for HTTP/1.1 and HTTP/2. */
export interface HttpExchange {
  /** In milliseconds of performance.now(). */
  readonly arrivedAtMs: number;
  /** Such as `1.1` and `2.0`. */
  readonly httpVersion: string;
  readonly method: string;
  /** In origin or absolute form, as sent. */
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly remoteAddress: string | undefined;
  /** Identifies the TCP or TLS connection: the same object for all of its requests. */
  readonly connection: object;
  /** The request's body. */
  readonly body: Readable;
  /** The response's body; open after {@link start}. */
  readonly output: Writable;
  /** Set by the code that answers. An exchange without one is reset when a listener throws. */
  answerer: FaultAnswerer | undefined;
  /** Makes a function for Node to call: what the listener throws ends this exchange only. */
  guard<Args extends unknown[]>(listener: (...args: Args) => void): (...args: Args) => void;
  /** Whether the client no longer waits for its answer. */
  isGone(): boolean;
  /** Calls the listener once if the client leaves before it has its answer. */
  onGone(listener: () => void): void;
  /** Whether the headers announce a body, read or not. */
  readonly hasBody: boolean;
  /** Whether the client has sent all of its request, as one without a body has from the start. */
  isComplete(): boolean;
  /**
   * The body, if all of it is here already, as it may be where a call has waited for its turn, and if it
   * costs less to take it at once than to read it. Undefined otherwise.
   */
  takeBody(): Uint8Array | undefined;
  /** To be called before the body is read: asks for it where the client waits to be asked (`Expect: 100-continue`). */
  acceptBody(): void;
  /** Sends a whole response. The body is left out where the request's method is HEAD. */
  send(answer: HttpAnswer): void;
  /** Sends the head of a response whose body is written piece by piece. */
  start(status: number, headers: HttpHeaders, withTrailers: boolean): void;
  /**
   * Writes a piece of a response that was started.
   * @returns whether the client has room for more; if not, {@link output} emits "drain" when it has
   */
  write(chunk: string | Uint8Array): boolean;
  /** Ends a response that was started. */
  finish(trailers?: HttpHeaders): void;
  /** Lets the connection end after this response, started or not, where the version of HTTP has a way to say so. */
  closeAfterwards(): void;
  /**
   * Gives the exchange up, without an end that the client could take for a whole response.
   * @param isOurFault whether HTTP/2 clients get INTERNAL_ERROR rather than CANCEL
   */
  destroy(isOurFault?: boolean): void;
}

/**
 * What {@link HttpExchange.guard} does, for every version of HTTP. One closure and no more: a call
 * has several of them.
 */
export function guardListener<Args extends unknown[]>(
  guard: Guard,
  exchange: HttpExchange,
  listener: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      listener(...args);
    } catch (error) {
      guard.take(error, () => failExchange(exchange, error));
    }
  };
}

/**
 * Ends an exchange because of an error that a listener of it has thrown.
 * @returns whether the error has been logged
 */
export function failExchange(exchange: HttpExchange, error: unknown): boolean {
  if (exchange.answerer === undefined) {
    exchange.destroy(true);
    return false;
  }
  return exchange.answerer.fail(error);
}

/** Takes each exchange of a port. */
export type ExchangeListener = (exchange: HttpExchange) => void;
