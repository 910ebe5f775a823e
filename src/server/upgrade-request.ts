import type { IncomingMessage } from "node:http";
import { RequestHeaders } from "../http/request-headers.js";

/**
 * Whether a request asks for another protocol in a way that Node does not recover from: it drops what
 * it has read behind such a request, unless the request comes alone and without a body. The answer is
 * then the last of its connection, and nothing that follows counts as a request.
 *
 * @param isSentAhead whether the answer to an earlier request is under way
 */
export function losesTrack(request: IncomingMessage, isSentAhead: boolean): boolean {
  return (
    Reflect.get(request, "upgrade") === true &&
    !isForTunnel(request) &&
    (isSentAhead || new RequestHeaders(request.rawHeaders).announceBody())
  );
}

/** Node reports these by an event of their own. */
export function isForTunnel({ method }: IncomingMessage): boolean {
  return method === "CONNECT";
}

/** Has Node take the request for one that asks for nothing. */
export function overlookUpgrade(request: IncomingMessage): void {
  Reflect.set(request, "upgrade", false);
}

/**
 * The bytes of a request without its `Upgrade`, which a server may ignore (RFC 9110 section 7.8), and
 * what came behind it.
 */
export function printWithoutUpgrade(request: IncomingMessage, head: Uint8Array): Buffer {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== "upgrade") {
      lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
    }
  }
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]);
}
