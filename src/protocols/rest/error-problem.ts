import { Code, type ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus, codeToString } from "@connectrpc/connect/protocol-connect";
import { UnreadableMessageError } from "../../call/error-fault.js";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.js";
import { createProblemDetails, type ProblemDetails } from "../../http/problem-details.js";

/** The error of a call as problem details, with fields by their names in REST. */
export function toProblemDetails(error: ConnectError): ProblemDetails {
  const violations = error.findDetails(BadRequestSchema).flatMap((each) => each.fieldViolations);
  return createProblemDetails({
    status: findStatus(error),
    code: codeToString(error.code),
    message: renameFields(error.rawMessage, violations),
    errors: violations.map(({ field, description }) => ({
      field: toParameterName(field),
      detail: description,
    })),
    ...(error.code === Code.Unauthenticated && {
      detail: "Send one valid token, as the header 'Authorization: Bearer <token>'.",
    }),
  });
}

function findStatus(error: ConnectError): number {
  // Without a limit to wait for: a message was too large (RFC 9110 section 15.5.14).
  return error instanceof UnreadableMessageError && error.code === Code.ResourceExhausted
    ? 413
    : codeToHttpStatus(error.code);
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
