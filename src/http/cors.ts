import type { HttpExchange } from "./http-exchange.js";
import type { HttpHeaders } from "./http-message.js";
import { portMethods } from "./options-answer.js";
import { createOriginMatcher } from "./origin-matcher.js";

const allowedMethods = portMethods.join(", ");
const exposedByHttp = [
  "WWW-Authenticate",
  "Retry-After",
  "RateLimit",
  "RateLimit-Policy",
  "X-Request-Id",
];
/** Seconds. The longest that Chromium keeps a preflight's answer. */
const maxAgeSeconds = "7200";

/** Of Access-Control-Request-Headers as a whole, and of the names in it. */
const maxRequestedBytes = 4096;
const maxRequestedNames = 64;
/** A field name (RFC 9110 section 5.6.2), with the white space that a list may have. */
const listedName = /^[ \t]*[\w!#$%&'*+.^`|~-]+[ \t]*$/;

/**
 * Adds the CORS headers (https://fetch.spec.whatwg.org/#http-cors-protocol) that every answer
 * carries, errors included.
 */
export type CorsPolicy = (exchange: HttpExchange, headers: HttpHeaders) => void;

/** The headers that the protocols of RPCs use, beside those of HTTP itself. */
export interface ProtocolHeaders {
  /** In requests. */
  readonly allowedHeaders: readonly string[];
  /** In answers. */
  readonly exposedHeaders: readonly string[];
}

/** @param allowedOrigins `*`, or what {@link createOriginMatcher} takes */
export function createCorsPolicy(
  allowedOrigins: readonly string[],
  protocols: ProtocolHeaders,
): CorsPolicy {
  const knownHeaders = [...protocols.allowedHeaders, "Authorization"].join(", ");
  const exposedHeaders = [...protocols.exposedHeaders, ...exposedByHttp].join(", ");
  const any = allowedOrigins.includes("*");
  const isAllowed = createOriginMatcher(allowedOrigins);
  return (exchange, headers) => {
    if (!any) {
      headers["vary"] = "Origin";
    }
    const origin = exchange.headers.find("origin");
    if (origin === null || !(any || isAllowed(origin))) {
      return;
    }
    headers["access-control-allow-origin"] = any ? "*" : origin;
    if (isPreflight(exchange)) {
      const requested = exchange.headers.find("access-control-request-headers");
      headers["vary"] = `${any ? "" : "Origin, "}Access-Control-Request-Headers`;
      headers["access-control-allow-methods"] = allowedMethods;
      headers["access-control-allow-headers"] = allowHeaders(requested, knownHeaders);
      headers["access-control-max-age"] = maxAgeSeconds;
    } else {
      headers["access-control-expose-headers"] = exposedHeaders;
    }
  };
}

/** A preflight carries no token, so it is answered before authentication. */
export function isPreflight({ method, headers }: HttpExchange): boolean {
  return (
    method === "OPTIONS" &&
    headers.find("origin") !== null &&
    headers.find("access-control-request-method") !== null
  );
}

/**
 * The Access-Control-Allow-Headers of a preflight: what it asks for, since pages send headers that no
 * fixed list knows, such as those of tracing libraries. Which headers a page may send protects
 * nothing here: no header but Authorization gives access.
 *
 * @param requested Access-Control-Request-Headers
 * @param fixed the answer where nothing is requested, too much, or what is no list of names
 */
export function allowHeaders(requested: string | null, fixed: string): string {
  if (requested === null || requested.length > maxRequestedBytes) {
    return fixed;
  }
  const names = requested.split(",");
  return names.length <= maxRequestedNames && names.every((name) => listedName.test(name))
    ? requested
    : fixed;
}
