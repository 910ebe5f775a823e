import type { HttpExchange } from "./http-exchange.js";
import { httpLimits } from "./http-limits.js";
import {
  type HttpProblem,
  headersTooLarge,
  hostUnclear,
  unknownTransferCoding,
} from "./http-problem.js";
import type { RequestHeaders } from "./request-headers.js";

/** What is wrong with a request's headers before anything else is looked at. */
export function findHeaderProblem({ httpVersion, headers }: HttpExchange): HttpProblem | undefined {
  if (httpVersion === "2.0") {
    // Node bounds the headers of HTTP/1.1, but only asks HTTP/2 clients to bound theirs.
    return headers.countBytes() > httpLimits.maxHeaderBytes ? headersTooLarge : undefined;
  }
  if (!namesHostOnce(httpVersion, headers)) {
    return hostUnclear;
  }
  // Node looks at the last coding only.
  const coding = headers.find("transfer-encoding");
  return coding === null || coding.toLowerCase() === "chunked" ? undefined : unknownTransferCoding;
}

/** RFC 9112 section 3.2. HTTP/2 has :authority, which Node checks. */
function namesHostOnce(httpVersion: string, headers: RequestHeaders): boolean {
  const host = headers.find("host");
  // Several are joined, and a name has no space.
  return host === null ? httpVersion === "1.0" : !host.includes(", ");
}
