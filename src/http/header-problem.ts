import type { HttpExchange } from "./http-exchange.js";
import { httpLimits } from "./http-limits.js";
import { type HttpProblem, headersTooLarge, hostUnclear } from "./http-problem.js";
import type { RequestHeaders } from "./request-headers.js";

/** What is wrong with a request's headers before anything else is looked at. */
export function findHeaderProblem({ httpVersion, headers }: HttpExchange): HttpProblem | undefined {
  // Node bounds the headers of HTTP/1.1, but only asks HTTP/2 clients to bound theirs.
  if (httpVersion === "2.0" && headers.countBytes() > httpLimits.maxHeaderBytes) {
    return headersTooLarge;
  }
  return namesHostOnce(httpVersion, headers) ? undefined : hostUnclear;
}

/** RFC 9112 section 3.2; HTTP/2 has :authority, which Node checks. */
function namesHostOnce(httpVersion: string, headers: RequestHeaders): boolean {
  if (httpVersion === "2.0") {
    return true;
  }
  const host = headers.find("host");
  // Several are joined, and a name has no space.
  return host === null ? httpVersion === "1.0" : !host.includes(", ");
}
