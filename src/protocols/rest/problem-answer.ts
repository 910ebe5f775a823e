import type { ConnectError } from "@connectrpc/connect";
import type { RequestHead, ResponseMetadata } from "../../call/codec.js";
import { addHeaders, type HttpAnswer, type HttpHeaders } from "../../http/http-message.js";
import { chooseProblemType } from "../../http/problem-type.js";
import { toProblemDetails } from "./error-problem.js";

/** A failed call as problem details, with the headers that the call and its error have set. */
export function createProblemAnswer(
  { headers: requestHeaders }: RequestHead,
  error: ConnectError,
  metadata: ResponseMetadata,
): HttpAnswer {
  const problem = toProblemDetails(error);
  const headers: HttpHeaders = {};
  metadata.addResponseHeaders(headers);
  addHeaders(headers, error.metadata);
  headers["content-type"] = chooseProblemType(requestHeaders);
  return { status: problem.status, headers, body: JSON.stringify(problem) };
}
