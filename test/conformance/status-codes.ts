/** One row of https://connectrpc.com/docs/protocol#error-codes, with gRPC's number for the code. */
export interface StatusCode {
  readonly name: string;
  readonly number: number;
  readonly httpStatus: number;
}

export const statusCodes: readonly StatusCode[] = [
  { name: "canceled", number: 1, httpStatus: 499 },
  { name: "unknown", number: 2, httpStatus: 500 },
  { name: "invalid_argument", number: 3, httpStatus: 400 },
  { name: "deadline_exceeded", number: 4, httpStatus: 504 },
  { name: "not_found", number: 5, httpStatus: 404 },
  { name: "already_exists", number: 6, httpStatus: 409 },
  { name: "permission_denied", number: 7, httpStatus: 403 },
  { name: "resource_exhausted", number: 8, httpStatus: 429 },
  { name: "failed_precondition", number: 9, httpStatus: 400 },
  { name: "aborted", number: 10, httpStatus: 409 },
  { name: "out_of_range", number: 11, httpStatus: 400 },
  { name: "unimplemented", number: 12, httpStatus: 501 },
  { name: "internal", number: 13, httpStatus: 500 },
  { name: "unavailable", number: 14, httpStatus: 503 },
  { name: "data_loss", number: 15, httpStatus: 500 },
  { name: "unauthenticated", number: 16, httpStatus: 401 },
];

export function findStatusCode(match: (code: StatusCode) => boolean): StatusCode {
  const found = statusCodes.find(match);
  if (found === undefined) {
    throw new Error("no such status code");
  }
  return found;
}
