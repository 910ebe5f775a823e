import { STATUS_CODES } from "node:http";

export const problemContentType = "application/problem+json";

/**
 * An error as problem details (RFC 9457), with the members `code` (the RPC code in lower snake
 * case), `error` (the message under the name that existing clients of this API read) and `errors`.
 */
export interface ProblemDetails {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly error: string;
  /** Which parameters are wrong, by their names in REST. Absent where the error is about none. */
  readonly errors?: readonly FieldProblem[];
}

export interface FieldProblem {
  readonly field: string;
  readonly detail: string;
}

/** What an answer says about an error. */
export interface Problem {
  readonly status: number;
  /** In lower snake case, such as `not_found`. */
  readonly code: string;
  /** Short. */
  readonly message: string;
  /** What to do about it; the message where there is no more to say. */
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
}

export function createProblemDetails({
  status,
  code,
  message,
  detail = message,
  errors = [],
}: Problem): ProblemDetails {
  return {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Client Closed Request",
    status,
    detail,
    code,
    error: message,
    ...(errors.length > 0 && { errors }),
  };
}
