import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import type { RequestProtocol } from "../../observability/request-log.js";
import type { RequestHeaders } from "../request-headers.js";
import { deadlinePassed } from "./call-end.js";

/** Whether the client still waits for its answer. */
export interface ClientPresence {
  isGone(): boolean;
  /** Calls the listener once if the client goes away before it got its answer. */
  onGone(listener: () => void): void;
}

/** Why a body is not there: larger than the handler's `maxBodyBytes`, or not in before the deadline. */
export type UnreadBody = "too_large" | "too_late";

/** A request of HTTP/1.1 or HTTP/2 without its body. */
export interface HttpRequest {
  readonly method: string;
  /** When its headers arrived, as performance.now() tells it: timeouts count from there. */
  readonly arrivedAtMs: number;
  /** In origin form, as sent, without the query. */
  readonly path: string;
  /** As sent, without `?`. */
  readonly query: string;
  readonly headers: RequestHeaders;
  readonly contextValues: ContextValues;
  readonly client: ClientPresence;
}

/** The body of a request. Empty where there is none. */
export type RequestBody = Uint8Array | UnreadBody;

/** Names in lower case. */
export type HttpHeaders = Record<string, string | string[]>;

/** A whole response. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** Text goes out as UTF-8. */
  readonly body: string | Uint8Array;
  readonly trailers?: HttpHeaders;
}

export type ProtocolName = Exclude<RequestProtocol, "http">;

/** What serves an RPC over one protocol, as far as it is needed before the body is read. */
export interface CallHandler {
  readonly protocol: ProtocolName;
  readonly isStream: boolean;
  /** The caller's timeout from the request's arrival, undefined where there is none to keep. */
  findTimeoutMs(headers: RequestHeaders): number | undefined;
  /** The answer to a call that is refused by its headers alone, in the protocol's own form. */
  refuse(error: unknown, request: HttpRequest): HttpAnswer;
}

/** One RPC over one protocol: from a whole request to a whole response. */
export interface UnaryHandler extends CallHandler {
  readonly isStream: false;
  /** The largest request body to read; with 0 it is not looked at. */
  readonly maxBodyBytes: number;
  /** Errors of the call become answers; what rejects is a mistake of ours. */
  handle(request: HttpRequest, body: RequestBody): Promise<HttpAnswer>;
}

/**
 * @param maxBytes of a message, to tell the caller
 * @throws ConnectError ResourceExhausted or DeadlineExceeded when the body was not read
 */
export function requireBody(body: RequestBody, maxBytes: number): Uint8Array {
  switch (body) {
    case "too_large":
      throw new ConnectError(
        `the request is larger than ${maxBytes} bytes`,
        Code.ResourceExhausted,
      );
    case "too_late":
      throw deadlinePassed();
    default:
      return body;
  }
}

/** Adds headers that an implementation or an error has set; those of the same name are replaced. */
export function addHeaders(target: HttpHeaders, source: Headers, prefix = ""): void {
  for (const [name, value] of source) {
    // Headers joins the values of every name but this one.
    if (name === "set-cookie") {
      target[`${prefix}${name}`] = source.getSetCookie();
    } else {
      target[`${prefix}${name}`] = value;
    }
  }
}
