import { Readable, Writable } from "node:stream";
import type { HttpExchange } from "../../src/http/http-exchange.js";
import type { HttpAnswer, HttpHeaders } from "../../src/http/http-message.js";
import { RequestHeaders } from "../../src/http/request-headers.js";

/** A client that has sent a request without a body, with the exchange that its server sees. */
export interface FakeClient {
  readonly exchange: HttpExchange;
  /** A whole answer; undefined for a stream that has begun, and before there is one. */
  answer(): HttpAnswer | undefined;
  /** The headers of a stream, once it has begun. */
  startHeaders(): HttpHeaders | undefined;
  /** The chunks of a stream that the client has taken. */
  readonly chunks: string[];
  /** `finish` and `destroy`, as the exchange was told. */
  readonly ends: string[];
  /** Who wants to know when the client goes away. */
  readonly goneListeners: (() => void)[];
  leave(): void;
}

export interface FakeRequest {
  readonly method?: string;
  readonly target?: string;
  readonly arrivedAtMs?: number;
  /** Called with what takes a chunk; by default each is taken at once. */
  readonly onChunk?: ((take: () => void) => void) | undefined;
}

export function createFakeClient({
  method = "GET",
  target = "/",
  arrivedAtMs = performance.now(),
  onChunk = (take) => take(),
}: FakeRequest): FakeClient {
  const chunks: string[] = [];
  const ends: string[] = [];
  const goneListeners: (() => void)[] = [];
  let answer: HttpAnswer | undefined;
  let startHeaders: HttpHeaders | undefined;
  let isGone = false;
  const exchange: HttpExchange = {
    arrivedAtMs,
    httpVersion: "1.1",
    method,
    target,
    headers: new RequestHeaders([]),
    remoteAddress: undefined,
    connection: {},
    body: Readable.from([]),
    output: new Writable({
      highWaterMark: 1,
      write(chunk, _, done) {
        onChunk(() => {
          chunks.push(String(chunk));
          done();
        });
      },
    }),
    answerer: undefined,
    guard: (listener) => listener,
    isGone: () => isGone,
    onGone: (listener) => void goneListeners.push(listener),
    hasBody: false,
    isComplete: () => true,
    takeBody: () => undefined,
    acceptBody() {},
    send(sent) {
      answer = sent;
    },
    start(_, sent) {
      startHeaders = sent;
    },
    write: (chunk) => exchange.output.write(chunk),
    finish: () => void ends.push("finish"),
    closeAfterwards() {},
    destroy: () => void ends.push("destroy"),
  };
  return {
    exchange,
    answer: () => answer,
    startHeaders: () => startHeaders,
    chunks,
    ends,
    goneListeners,
    leave() {
      isGone = true;
      for (const listener of goneListeners) {
        listener();
      }
    },
  };
}
