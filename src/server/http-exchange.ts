import type { Readable, Writable } from "node:stream";
import type { RequestHeaders } from "../rpc/request-headers.js";
import type { ClientPresence, HttpAnswer, HttpHeaders } from "../rpc/unary/http-message.js";

/** One request and its response, the same for HTTP/1.1 and HTTP/2. */
export interface HttpExchange extends ClientPresence {
  /** As performance.now() tells it. */
  readonly arrivedAtMs: number;
  /** Such as `1.1` and `2.0`. */
  readonly httpVersion: string;
  readonly method: string;
  /** In origin or absolute form, as sent. */
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly remoteAddress: string | undefined;
  /** The request's body. */
  readonly body: Readable;
  /** The response's body; open after {@link start}. */
  readonly output: Writable;
  /** Whether the client has sent all of its request, as one without a body has from the start. */
  isComplete(): boolean;
  /** Sends a whole response. The body is left out where the request's method is HEAD. */
  send(answer: HttpAnswer): void;
  /** Sends the head of a response whose body is written piece by piece. */
  start(status: number, headers: HttpHeaders, withTrailers: boolean): void;
  /** Ends a response that was started. */
  finish(trailers?: HttpHeaders): void;
  /** Lets the connection end after this response, started or not, where the version of HTTP has a way to say so. */
  closeAfterwards(): void;
  /** Gives the exchange up, without an end that the client could take for a whole response. */
  destroy(): void;
}

/** Takes each exchange of a port. */
export type ExchangeListener = (exchange: HttpExchange) => void;
