import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { HttpAnswer, HttpHeaders, ProtocolName } from "../http/http-message.js";
import type { RequestHeaders } from "../http/request-headers.js";

/** The response headers and trailers that the implementation of a call, or one of its stages, has set. */
export interface ResponseMetadata {
  /** Whether the call may be served: its body is read then, and its implementation runs. */
  readonly isAdmitted: boolean;
  readonly responseTrailer: Headers;
  /** Adds the response headers that were set, if any. */
  addResponseHeaders(target: HttpHeaders): void;
  /** Adds the response trailers that were set, if any. */
  addResponseTrailers(target: HttpHeaders, prefix?: string): void;
}

/**
 * One call in the form of its protocol: reads what the client sent, and writes what it gets. Made
 * from the headers and the query alone; the body is read later, if the caller may call at all.
 */
export interface Codec {
  readonly protocol: ProtocolName;
  /** What is wrong with the headers or the query. Reported once the caller is known. */
  readonly problem: ConnectError | undefined;
  /** Milliseconds from the request's arrival; undefined where there is no timeout to keep. */
  readonly timeoutMs: number | undefined;
  /** The largest request message, in bytes. */
  readonly readMaxBytes: number;
  /** The largest request body to read, in bytes; 0 where the message is not in the body. */
  readonly maxBodyBytes: number;
  /**
   * Reads the one message of a request.
   * @param body all of it; empty where the message is not in the body
   * @throws ConnectError (or rejects with it) when this is not one message of the method
   */
  decode(body: Uint8Array): Message | Promise<Message>;
  /** The whole response of a call that failed before anything was sent. */
  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer | Promise<HttpAnswer>;
}

/** A codec of a method that is answered with one message. */
export interface UnaryCodec extends Codec {
  /** The whole response of a call that succeeded. */
  respond(message: Message, metadata: ResponseMetadata): HttpAnswer | Promise<HttpAnswer>;
}

/** A codec of a method that is answered with a stream of messages. The HTTP status is always 200. */
export interface StreamCodec extends Codec {
  /**
   * What to write when nothing else has been written for a while, so that proxies keep the
   * connection; undefined where the protocol has nothing of the kind.
   */
  readonly keepAlive: string | undefined;
  /** Whether {@link StreamEnd.trailers} follow the body. */
  readonly hasTrailers: boolean;
  /** Reads the messages of a request that is a stream itself. Throws as {@link decode} does. */
  decodeAll(body: AsyncIterable<Uint8Array>): AsyncIterable<Message>;
  /** The headers of the response; taken when the first message has arrived. */
  begin(metadata: ResponseMetadata): HttpHeaders;
  encode(message: Message): Uint8Array | string | Promise<Uint8Array>;
  /** What shows the client how the stream ended. */
  end(metadata: ResponseMetadata, error: ConnectError | undefined): StreamEnd;
}

/** The last bytes of a stream's body, and what follows it. */
export interface StreamEnd {
  readonly chunk?: Uint8Array | string;
  readonly trailers?: HttpHeaders;
}

/** Makes the codec of one call from its request's headers, path, and query. Never throws. */
export type OpenCodec<C extends Codec> = (request: RequestHead) => C;

/** The part of a request that is there before its body. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** As sent, without `?`. */
  readonly query: string;
  readonly headers: RequestHeaders;
}
