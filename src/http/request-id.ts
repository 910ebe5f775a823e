import { randomUUID } from "node:crypto";
import type { RequestHeaders } from "./request-headers.js";

export const requestIdHeader = "x-request-id";

/** Visible ASCII. Several fields are joined with a comma and a space, and are none. */
const pattern = /^[\x21-\x7e]{1,128}$/;

/**
 * What a request is called in its answer, its log line, and its span: the X-Request-Id that the client
 * or a proxy has sent, if it is one field of 1 to 128 visible ASCII characters, else a random UUID. It
 * is for correlation only: anybody can choose it, so that nothing may depend on it.
 */
export function readRequestId(headers: Pick<RequestHeaders, "find">): string {
  const sent = headers.find(requestIdHeader);
  return sent !== null && pattern.test(sent) ? sent : createRequestId();
}

/** For a request whose headers nobody can read. */
export function createRequestId(): string {
  return randomUUID();
}
