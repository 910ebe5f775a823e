import type { RequestHeaders } from "./request-headers.js";

/**
 * The media type of a request's body without parameters, in lower case. The parameters do
 * not distinguish formats (RFC 9110 section 8.3.1). Empty where there is none.
 */
export function readMediaType(headers: Pick<RequestHeaders, "find">): string {
  const value = headers.find("content-type") ?? "";
  const mark = value.indexOf(";");
  return (mark === -1 ? value : value.slice(0, mark)).trim().toLowerCase();
}
