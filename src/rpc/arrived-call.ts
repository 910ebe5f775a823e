import type { ContextValues } from "@connectrpc/connect";
import type { CancellableWait } from "../authentication/key-source.js";
import { type CallRecord, callRecordKey } from "./call-record.js";
import type { RequestHeaders } from "./request-headers.js";
import type { RequestTarget } from "./request-target.js";
import { CallLife } from "./unary/call-life.js";
import type {
  CallHandler,
  ClientPresence,
  HttpHeaders,
  HttpRequest,
} from "./unary/http-message.js";

/** The parts of an exchange that are known when its headers have arrived. */
export interface Arrival extends ClientPresence {
  readonly method: string;
  readonly arrivedAtMs: number;
  readonly headers: RequestHeaders;
}

/** A call whose headers have arrived, as the stages before its body see it. */
export class ArrivedCall implements HttpRequest, CancellableWait {
  readonly method: string;
  readonly arrivedAtMs: number;
  readonly path: string;
  readonly query: string;
  readonly headers: RequestHeaders;
  readonly client: ClientPresence;
  readonly handler: CallHandler;
  readonly contextValues: ContextValues;
  /** Headers of the answer, whatever it will be. */
  readonly answerHeaders: HttpHeaders;
  #life: CallLife | undefined;

  constructor(
    arrival: Arrival,
    { path, query }: RequestTarget,
    handler: CallHandler,
    contextValues: ContextValues,
    answerHeaders: HttpHeaders,
  ) {
    this.method = arrival.method;
    this.arrivedAtMs = arrival.arrivedAtMs;
    this.path = path;
    this.query = query;
    this.headers = arrival.headers;
    this.client = arrival;
    this.handler = handler;
    this.contextValues = contextValues;
    this.answerHeaders = answerHeaders;
  }

  get record(): CallRecord {
    return this.contextValues.get(callRecordKey);
  }

  /** Aborted by the deadline and by a client that goes away. */
  get signal(): AbortSignal {
    return this.life.signal;
  }

  /** How long the call lasts. Made when first asked for: only a stage that waits needs it. */
  get life(): CallLife {
    this.#life ??= new CallLife(this, this.handler.findTimeoutMs(this.headers));
    return this.#life;
  }
}
