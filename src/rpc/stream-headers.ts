import { canonicalizeCodings } from "./content-coding.js";
import { readMediaType } from "./media-type.js";
import type { RequestHeaders } from "./request-headers.js";

const codingHeaders = [
  "grpc-encoding",
  "grpc-accept-encoding",
  "connect-content-encoding",
  "connect-accept-encoding",
];

/** Writes the headers that Connect's stream handlers compare to the letter as these expect them. */
export function canonicalizeStreamHeaders(headers: RequestHeaders): void {
  replace(headers, "content-type", readMediaType(headers));
  for (const name of codingHeaders) {
    const codings = headers.find(name);
    if (codings !== null) {
      replace(headers, name, canonicalizeCodings(codings));
    }
  }
}

/** Only where something changes: the first change copies all headers. */
function replace(headers: RequestHeaders, name: string, value: string): void {
  if (value !== (headers.find(name) ?? "")) {
    headers.set(name, value);
  }
}
