import type { Call } from "../calls/call.js";

/** What a load generator does. */
export interface Load {
  readonly call: Call;
  /** The server's, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly seconds: number;
  readonly callsInFlight: number;
  readonly tokens: LoadTokens;
  /** For the files of the generator. */
  readonly directory: string;
}

export type LoadTokens =
  | { readonly kind: "same"; readonly token: string }
  /** One a line. `cycle` begins again at the end of the file; `once` must not reach it. */
  | { readonly kind: "cycle" | "once"; readonly file: string };

/** What a load generator has seen. Only calls that were answered well and in full count. */
export interface LoadResult {
  readonly calls: number;
  readonly seconds: number;
  /** Of all answers: with HTTP/1.1 everything on the wire, with HTTP/2 the bodies. */
  readonly bytes: number;
  /** Connections, reads, writes and time-outs that failed, and answers other than 2xx. */
  readonly errors: number;
  /** Whether the tokens of a `once` load did not last. */
  readonly outOfTokens: boolean;
}
