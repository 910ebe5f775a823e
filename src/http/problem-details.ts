import { STATUS_CODES } from "node:http";
import { Code, type ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus, codeToString } from "@connectrpc/connect/protocol-connect";
import { BadRequestSchema } from "../gen/google/rpc/error_details_pb.js";

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

/** @param status the HTTP status where it says more than the code does, such as 405 */
export function toProblemDetails(
  error: ConnectError,
  status = codeToHttpStatus(error.code),
): ProblemDetails {
  const violations = error.findDetails(BadRequestSchema).flatMap((each) => each.fieldViolations);
  const errors = violations.map(({ field, description }) => ({
    field: toParameterName(field),
    detail: description,
  }));
  const message = renameFields(error.rawMessage, violations);
  return {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Client Closed Request",
    status,
    detail:
      error.code === Code.Unauthenticated
        ? "Send one valid token, as the header 'Authorization: Bearer <token>'."
        : message,
    code: codeToString(error.code),
    error: message,
    ...(errors.length > 0 && { errors }),
  };
}

/** The message of a field's error begins with its name in the schema. */
function renameFields(message: string, violations: readonly { readonly field: string }[]): string {
  const violation = violations.find(({ field }) => message.startsWith(`${field} `));
  return violation === undefined
    ? message
    : toParameterName(violation.field) + message.slice(violation.field.length);
}

/** Such as `ttlSeconds` for `ttl_seconds`, also within a path such as `book.shelf_id`. */
function toParameterName(field: string): string {
  return field.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
