import type {
  DescMessage,
  DescMethod,
  DescService,
  Message,
  MessageInitShape,
} from "@bufbuild/protobuf";
import type { ConnectError, ContextValues, HandlerContext } from "@connectrpc/connect";
import type { HttpExchange } from "../http/http-exchange.js";
import { addHeaders, type HttpHeaders } from "../http/http-message.js";
import { callEnded, clientGone, deadlinePassed } from "./call-end.js";
import type { CallRecord } from "./call-record.js";
import { CallValues } from "./call-values.js";
import type { Codec, RequestHead, ResponseMetadata } from "./codec.js";
import type { Reply } from "./reply.js";

/**
 * One call of a method over any protocol: what its stages hand on to each other, and what the
 * implementation sees of it. An AbortSignal costs more than the rest of a unary call together, and
 * Headers come close, so they are made when first asked for.
 */
export class Call<C extends Codec = Codec> implements HandlerContext, ResponseMetadata {
  readonly method: DescMethod;
  readonly codec: C;
  readonly reply: Reply;
  readonly head: RequestHead;
  readonly values: ContextValues;
  isAdmitted = false;
  /** The request, once it was read. Undefined where the request is a stream. */
  request: Message | undefined = undefined;
  /** What the implementation returned. Undefined where the response is a stream. */
  response: Message | undefined = undefined;
  /** The messages that the implementation makes. Undefined where the response is one message. */
  responses: AsyncIterable<MessageInitShape<DescMessage>> | undefined = undefined;
  /** Set once a stream has begun: ends it, with an error or without, as its status is out already. */
  endStream: ((error: ConnectError | undefined) => void) | undefined = undefined;
  /** Called when the call has ended, however. */
  onEnd: (() => void) | undefined = undefined;
  readonly #deadlineMs: number | undefined;
  #responseHeader: Headers | undefined = undefined;
  #responseTrailer: Headers | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #abortReason: ConnectError | undefined = undefined;
  #abortListener: ((reason: ConnectError) => void) | undefined = undefined;
  #isWatched = false;

  constructor(method: DescMethod, codec: C, reply: Reply, head: RequestHead) {
    this.method = method;
    this.codec = codec;
    this.reply = reply;
    this.head = head;
    this.values = new CallValues(reply.record);
    this.#deadlineMs =
      codec.timeoutMs === undefined ? undefined : reply.exchange.arrivedAtMs + codec.timeoutMs;
  }

  get exchange(): HttpExchange {
    return this.reply.exchange;
  }

  get record(): CallRecord {
    return this.reply.record;
  }

  get clientAddress(): string | undefined {
    return this.record.clientAddress;
  }

  get protocolName(): Codec["protocol"] {
    return this.codec.protocol;
  }

  get service(): DescService {
    return this.method.parent;
  }

  get requestMethod(): string {
    return this.head.method;
  }

  get url(): string {
    const { path, query } = this.head;
    return `http://localhost${path}${query === "" ? "" : "?"}${query}`;
  }

  get requestHeader(): Headers {
    return this.head.headers;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers();
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }

  /**
   * Aborted by the deadline, by a client that goes away, and by the end of the call; of a stream,
   * also by the end of the process.
   */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.#watch();
      if (this.#abortReason !== undefined) {
        this.#controller.abort(this.#abortReason);
      }
    }
    return this.#controller.signal;
  }

  /** What is left until the deadline. */
  timeoutMs(): number | undefined {
    return this.#deadlineMs === undefined ? undefined : this.#deadlineMs - performance.now();
  }

  /** Why the call is over before it has an answer, or undefined; without the cost of a signal. */
  findEnd(): ConnectError | undefined {
    if (this.#abortReason !== undefined) {
      return this.#abortReason;
    }
    if (this.exchange.isGone()) {
      return clientGone();
    }
    const leftMs = this.timeoutMs();
    return leftMs !== undefined && leftMs <= 0 ? deadlinePassed() : undefined;
  }

  /** Calls the listener once when the call is over before its answer is complete. One at a time. */
  onAbort(listener: (reason: ConnectError) => void): void {
    this.#abortListener = listener;
    this.#watch();
    if (this.#abortReason !== undefined) {
      listener(this.#abortReason);
    }
  }

  /** Ends the call early. Only the first reason counts. */
  abort(reason: ConnectError): void {
    if (this.#abortReason === undefined) {
      this.#abortReason = reason;
      this.#abortListener?.(reason);
      this.#controller?.abort(reason);
    }
  }

  addResponseHeaders(target: HttpHeaders): void {
    if (this.#responseHeader !== undefined) {
      addHeaders(target, this.#responseHeader);
    }
  }

  addResponseTrailers(target: HttpHeaders, prefix = ""): void {
    if (this.#responseTrailer !== undefined) {
      addHeaders(target, this.#responseTrailer, prefix);
    }
  }

  /** Ends what the call has started, and aborts its signal for what still listens. */
  end(): void {
    clearTimeout(this.#timer);
    this.#abortListener = undefined;
    this.onEnd?.();
    this.#controller?.abort(callEnded);
  }

  /** From when somebody wants to hear of it on, as most calls are over before. */
  #watch(): void {
    if (this.#isWatched) {
      return;
    }
    this.#isWatched = true;
    const end = this.findEnd();
    if (end !== undefined) {
      this.abort(end);
      return;
    }
    this.exchange.onGone(() => this.abort(clientGone()));
    const leftMs = this.timeoutMs();
    if (leftMs !== undefined) {
      this.#timer = setTimeout(
        this.exchange.guard(() => this.abort(deadlinePassed())),
        leftMs,
      );
    }
  }
}
