import { createProblemDetails } from "./problem-details.js";

/** An error that arises before any RPC is known, as status, code and message. */
export interface HttpProblem {
  readonly status: number;
  /** In lower snake case, as RPCs name theirs. */
  readonly code:
    | "deadline_exceeded"
    | "internal"
    | "invalid_argument"
    | "not_found"
    | "resource_exhausted"
    | "unimplemented";
  readonly message: string;
  /** What the Allow header is to say, where the method is the problem. */
  readonly allowedMethods?: readonly string[];
}

/** @param restPaths what there is over REST, by path or path template */
export function createNotFound(restPaths: readonly string[]): HttpProblem {
  const routes = restPaths.map((path) => `GET ${path}`).join(" and ");
  return {
    status: 404,
    code: "not_found",
    message: `no such path${routes === "" ? "" : `; over REST there is ${routes}`}`,
  };
}

export const unsupportedMediaType: HttpProblem = {
  status: 415,
  code: "invalid_argument",
  message:
    "unknown Content-Type; use application/json or application/proto (Connect), application/grpc or application/grpc-web",
};

/** Of Connect's GET, which has the format of its message in the query. */
export const unknownQueryEncoding: HttpProblem = {
  status: 415,
  code: "invalid_argument",
  message:
    "the query parameter encoding is missing or unknown; use encoding=json or encoding=proto",
};

export const hostUnclear: HttpProblem = {
  status: 400,
  code: "invalid_argument",
  message:
    "the Host header is missing or malformed, or there is more than one (RFC 9112 section 3.2)",
};

/** RFC 9112 section 6.1. */
export const unknownTransferCoding: HttpProblem = {
  status: 501,
  code: "unimplemented",
  message: "unknown Transfer-Encoding; use chunked, and Content-Encoding for compression",
};

export const internalError: HttpProblem = {
  status: 500,
  code: "internal",
  message: "internal error",
};

export const headersTooLarge: HttpProblem = {
  status: 431,
  code: "resource_exhausted",
  message: "the headers are too large",
};

export function methodNotAllowed(allowedMethods: readonly string[]): HttpProblem {
  return {
    status: 405,
    code: "unimplemented",
    message: `method not allowed; use ${allowedMethods.join(" or ")}`,
    allowedMethods,
  };
}

/** The problem as an `application/problem+json` body (RFC 9457). */
export function printProblem({ status, code, message }: HttpProblem): string {
  return JSON.stringify(createProblemDetails({ status, code, message }));
}
