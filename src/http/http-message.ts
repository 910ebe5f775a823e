import type { RequestProtocol } from "../observability/request-log.js";

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
