import type { ConnectError } from "@connectrpc/connect";
import type { ResponseMetadata } from "../../call/codec.js";
import { addHeaders, type HttpAnswer, type HttpHeaders } from "../../http/http-message.js";
import { problemContentType } from "../../http/problem-details.js";
import { toProblemDetails } from "./error-problem.js";

/** A failed call as problem details, with the headers that the call and its error have set. */
export function createProblemAnswer(error: ConnectError, metadata: ResponseMetadata): HttpAnswer {
  const problem = toProblemDetails(error);
  const headers: HttpHeaders = {};
  metadata.addResponseHeaders(headers);
  addHeaders(headers, error.metadata);
  headers["content-type"] = problemContentType;
  return { status: problem.status, headers, body: JSON.stringify(problem) };
}
