import type { HttpExchange } from "./http-exchange.js";
import { httpLimits } from "./http-limits.js";
import { type HttpProblem, headersTooLarge, hostMissing } from "./http-problem.js";

/** What is wrong with a request's headers before anything else is looked at. */
export function findHeaderProblem({ httpVersion, headers }: HttpExchange): HttpProblem | undefined {
  // Node bounds the headers of HTTP/1.1, but only asks HTTP/2 clients to bound theirs.
  if (httpVersion === "2.0" && headers.countBytes() > httpLimits.maxHeaderBytes) {
    return headersTooLarge;
  }
  return httpVersion === "1.1" && headers.find("host") === null ? hostMissing : undefined;
}
