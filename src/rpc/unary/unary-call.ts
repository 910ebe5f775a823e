import type { DescMethodUnary, DescService, Message } from "@bufbuild/protobuf";
import type { ContextValues, HandlerContext, UnaryRequest } from "@connectrpc/connect";
import { CallLife } from "./call-life.js";
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
 * One unary call, as interceptors and implementations see it. Response headers cost nearly as much as
 * a signal, and are made when first asked for as well.
 */
export class UnaryCall extends CallLife implements UnaryRequest, HandlerContext {
  readonly stream = false;
  readonly message: Message;
  readonly #kind: UnaryCallKind;
  readonly #request: HttpRequest;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;

  /** @param timeoutMs from the request's arrival; undefined where the caller set none */
  constructor(
    kind: UnaryCallKind,
    request: HttpRequest,
    message: Message,
    timeoutMs: number | undefined,
  ) {
    super(request, timeoutMs);
    this.#kind = kind;
    this.#request = request;
    this.message = message;
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

  /** Adds the response headers that were set, if any. */
  addResponseHeaders(target: HttpHeaders): void {
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
}
