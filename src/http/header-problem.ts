import type { HttpExchange } from "./http-exchange.js";
import {
  type HttpProblem,
  headersTooLarge,
  hostUnclear,
  unknownTransferCoding,
} from "./http-problem.js";
import type { RequestHeaders } from "./request-headers.js";

/**
 * What is wrong with a request's headers before anything else is looked at.
 * @param maxHeaderBytes of all names and values together
 */
export function findHeaderProblem(
  { httpVersion, headers }: HttpExchange,
  maxHeaderBytes: number,
): HttpProblem | undefined {
  if (httpVersion === "2.0") {
    // Node bounds the headers of HTTP/1.1, and those of HTTP/2 once the client has confirmed our settings.
    return headers.countBytes() > maxHeaderBytes ? headersTooLarge : undefined;
  }
  if (!hasHost(httpVersion, headers)) {
    return hostUnclear;
  }
  // Node looks at the last coding only.
  const coding = headers.find("transfer-encoding");
  return coding === null || coding.toLowerCase() === "chunked" ? undefined : unknownTransferCoding;
}

/** `uri-host [ ":" port ]` (RFC 3986 section 3.2.2); may be empty. Zones of IPv6 are let through. */
const hostPattern = /^(?:\[[\w:.%~-]+\]|(?:[\w.~!$&'()*+,;=-]|%[\dA-Fa-f]{2})*)(?::\d*)?$/;

/** RFC 9112 section 3.2. HTTP/2 has :authority, which Node checks. */
function hasHost(httpVersion: string, headers: RequestHeaders): boolean {
  const host = headers.find("host");
  // Several are joined with a comma and a space.
  return host === null ? httpVersion === "1.0" : hostPattern.test(host);
}
