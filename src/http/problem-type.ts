import { problemContentType } from "./problem-details.js";
import type { RequestHeaders } from "./request-headers.js";

const jsonContentType = "application/json";

/**
 * The media type of problem details in an answer: `application/json` for a client that accepts this
 * and not `application/problem+json`. One that accepts neither still gets the error.
 */
export function chooseProblemType(headers: Pick<RequestHeaders, "find">): string {
  const accept = headers.find("accept");
  if (accept === null) {
    return problemContentType;
  }
  const ranges = new Map(accept.split(",").map(readRange));
  return allows(ranges, jsonContentType) && !allows(ranges, problemContentType)
    ? jsonContentType
    : problemContentType;
}

/**
 * Whether media ranges allow a type of `application`: the most specific one that covers it decides (RFC
 * 9110 section 12.5.1). Their parameters do not matter.
 */
function allows(ranges: ReadonlyMap<string, boolean>, mediaType: string): boolean {
  return ranges.get(mediaType) ?? ranges.get("application/*") ?? ranges.get("*/*") ?? false;
}

/** A media range in lower case, and whether its weight is more than 0. */
function readRange(text: string): [range: string, isAllowed: boolean] {
  const [range = "", ...parameters] = text.toLowerCase().split(";");
  return [range.trim(), !parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/.test(parameter))];
}
