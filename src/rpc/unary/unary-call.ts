import type { DescMethodUnary, DescService, Message } from "@bufbuild/protobuf";
import type {
  ConnectError,
  ContextValues,
  HandlerContext,
  UnaryRequest,
} from "@connectrpc/connect";
import { callEnded, clientGone, deadlinePassed } from "./call-end.js";
import {
  addHeaders,
  type HttpHeaders,
  type HttpRequest,
  type ProtocolName,
} from "./http-message.js";

/** What all calls of a handler share. */
export interface UnaryCallKind {
  readonly method: DescMethodUnary;
  readonly protocolName: ProtocolName;
}

/**
 * One unary call, as interceptors and implementations see it. An AbortSignal costs more than the
 * rest of a call together, and headers come close: they are made when first asked for.
 */
export class UnaryCall implements UnaryRequest, HandlerContext {
  readonly stream = false;
  readonly message: Message;
  readonly #kind: UnaryCallKind;
  readonly #request: HttpRequest;
  readonly #deadlineMs: number | undefined;
  #plainHeaders: HttpHeaders | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param timeoutMs from the request's arrival; undefined where the caller set none */
  constructor(
    kind: UnaryCallKind,
    request: HttpRequest,
    message: Message,
    timeoutMs: number | undefined,
  ) {
    this.#kind = kind;
    this.#request = request;
    this.message = message;
    this.#deadlineMs = timeoutMs === undefined ? undefined : request.arrivedAtMs + timeoutMs;
  }

  get method(): DescMethodUnary {
    return this.#kind.method;
  }

  get protocolName(): ProtocolName {
    return this.#kind.protocolName;
  }

  get service(): DescService {
    return this.method.parent;
  }

  get requestMethod(): string {
    return this.#request.method;
  }

  get url(): string {
    const { path, query } = this.#request;
    return `http://localhost${path}${query === "" ? "" : "?"}${query}`;
  }

  get header(): Headers {
    return this.#request.headers;
  }

  get requestHeader(): Headers {
    return this.#request.headers;
  }

  get contextValues(): ContextValues {
    return this.#request.contextValues;
  }

  get values(): ContextValues {
    return this.#request.contextValues;
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
   * Aborted by the deadline, by a client that goes away, and by the end of the call. Not by the end
   * of the process, which waits for calls.
   */
  get signal(): AbortSignal {
    this.#controller ??= this.#watch();
    return this.#controller.signal;
  }

  /** What is left until the deadline. */
  timeoutMs(): number | undefined {
    return this.#deadlineMs === undefined ? undefined : this.#deadlineMs - performance.now();
  }

  /** Why the call is over before it has an answer, or undefined; without the cost of a signal. */
  findEnd(): ConnectError | undefined {
    if (this.#request.client.isGone()) {
      return clientGone();
    }
    // A timer may fire a little early.
    const isAborted = this.#controller?.signal.aborted === true;
    const leftMs = this.timeoutMs();
    return isAborted || (leftMs !== undefined && leftMs <= 0) ? deadlinePassed() : undefined;
  }

  /** As {@link responseHeader} does, without the cost of Headers: for what many calls set. */
  setPlainHeaders(headers: HttpHeaders): void {
    this.#plainHeaders = headers;
  }

  /** Adds the response headers that were set, if any. */
  addResponseHeaders(target: HttpHeaders): void {
    Object.assign(target, this.#plainHeaders);
    if (this.#responseHeader !== undefined) {
      addHeaders(target, this.#responseHeader);
    }
  }

  /** Adds the response trailers that were set, if any. */
  addResponseTrailers(target: HttpHeaders, prefix = ""): void {
    if (this.#responseTrailer !== undefined) {
      addHeaders(target, this.#responseTrailer, prefix);
    }
  }

  /** Ends what the call has started, and whatever still listens to its signal. */
  end(): void {
    clearTimeout(this.#timer);
    this.#controller?.abort(callEnded);
  }

  #watch(): AbortController {
    const controller = new AbortController();
    const end = this.findEnd();
    if (end !== undefined) {
      controller.abort(end);
      return controller;
    }
    this.#request.client.onGone(() => controller.abort(clientGone()));
    const leftMs = this.timeoutMs();
    if (leftMs !== undefined) {
      this.#timer = setTimeout(() => controller.abort(deadlinePassed()), leftMs);
    }
    return controller;
  }
}
