import type { RequestProtocol } from "../observability/request-log.js";
import type { HttpHeaders } from "./http-message.js";

/** What a browser that shows an answer as a page may load for it, and who may frame that: nothing, nobody. */
const contentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";

/**
 * Adds what every answer of the port carries, errors included. Each costs bytes on every answer, so
 * there are few: credentials are not to be cached, no answer is to be taken for anything but what
 * its Content-Type says, and no page is to be made of one that is none. gRPC has no pages.
 */
export function addCommonHeaders(headers: HttpHeaders, protocol: RequestProtocol): void {
  headers["cache-control"] = "no-store";
  headers["x-content-type-options"] = "nosniff";
  if (protocol !== "grpc" && protocol !== "grpc-web") {
    headers["content-security-policy"] ??= contentSecurityPolicy;
  }
}
