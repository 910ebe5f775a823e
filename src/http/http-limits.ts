/** What a client may take of time and space, before and beside any authentication. */
export const httpLimits = {
  /** From the first byte, or from the connection's start, to the end of the headers. */
  headersTimeoutMs: 10_000,
  /** To the end of the request's body; from an answer's end, or a stream's stall, until it is taken. */
  requestTimeoutMs: 30_000,
  /** How often it is checked whether a limit has passed. */
  checkIntervalMs: 2_000,
  /** Between requests. Longer than the 60 s after which proxies commonly close their side. */
  idleTimeoutMs: 75_000,
  /** After which a silent connection is probed: a client that is gone shows although its stream is quiet. */
  tcpKeepAliveMs: 60_000,
  tlsHandshakeTimeoutMs: 10_000,
  /** For the PROXY protocol header of a balancer, which sends it at once: time for a lost packet. */
  proxyHeaderTimeoutMs: 5_000,
  /** Of all headers and the request line together, where a request needs no token. */
  maxHeaderBytes: 16 * 1024,
  /** Of one HTTP/2 connection at a time. */
  maxConcurrentStreams: 128,
  /** What one HTTP/2 stream may send: headers, body, and what is on its way when that is refused. */
  maxStreamBytes: 256 * 1024,
  /** What one HTTP/2 connection may send beside its streams, between two checks. */
  maxControlBytes: 256 * 1024,
} as const;

export type HttpLimits = { readonly [Limit in keyof typeof httpLimits]: number };

/** What headers have beside the token, in bytes. */
const spaceBesideTokenBytes = 8 * 1024;

/** The limits of a port whose requests have tokens. */
export function allowTokens(maxTokenBytes: number): HttpLimits {
  return { ...httpLimits, maxHeaderBytes: maxTokenBytes + spaceBesideTokenBytes };
}
