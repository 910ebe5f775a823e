import { STATUS_CODES } from "node:http";
import { Code, type ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus, codeToString } from "@connectrpc/connect/protocol-connect";

export const problemContentType = "application/problem+json";

/**
 * An error as problem details (RFC 9457), with the members `code` (the RPC code in lower snake
 * case) and `error` (the message under the name that existing clients of this API read).
 */
export interface ProblemDetails {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly error: string;
}

/** @param status the HTTP status where it says more than the code does, such as 405 */
export function toProblemDetails(
  error: ConnectError,
  status = codeToHttpStatus(error.code),
): ProblemDetails {
  return {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Client Closed Request",
    status,
    detail:
      error.code === Code.Unauthenticated
        ? "Send one valid token, as the header 'Authorization: Bearer <token>'."
        : error.rawMessage,
    code: codeToString(error.code),
    error: error.rawMessage,
  };
}
