import { cors } from "@connectrpc/connect";
import type { NodeRequest, NodeResponse } from "./node-exchange.js";

const allowedMethods = ["GET", "HEAD", "POST"].join(", ");
const allowedHeaders = [...cors.allowedHeaders, "Authorization"].join(", ");
const exposedHeaders = [...cors.exposedHeaders, "WWW-Authenticate", "Retry-After"].join(", ");
/** Seconds. The longest that Chromium keeps a preflight's answer. */
const maxAgeSeconds = 7200;

/**
 * Sets the CORS headers (https://fetch.spec.whatwg.org/#http-cors-protocol) that every answer
 * carries, errors included.
 */
export type CorsPolicy = (request: NodeRequest, response: NodeResponse) => void;

/** @param allowedOrigins `*`, or origins such as `https://app.example.com` */
export function createCorsPolicy(allowedOrigins: readonly string[]): CorsPolicy {
  const any = allowedOrigins.includes("*");
  const allowed = new Set(allowedOrigins);
  return (request, response) => {
    const { origin } = request.headers;
    if (!any) {
      response.setHeader("Vary", "Origin");
    }
    if (origin === undefined || !(any || allowed.has(origin))) {
      return;
    }
    response.setHeader("Access-Control-Allow-Origin", any ? "*" : origin);
    if (isPreflight(request)) {
      response.setHeader("Access-Control-Allow-Methods", allowedMethods);
      response.setHeader("Access-Control-Allow-Headers", allowedHeaders);
      response.setHeader("Access-Control-Max-Age", maxAgeSeconds);
    } else {
      response.setHeader("Access-Control-Expose-Headers", exposedHeaders);
    }
  };
}

/** A preflight carries no token, so it is answered before authentication. */
export function isPreflight({ method, headers }: NodeRequest): boolean {
  return (
    method === "OPTIONS" &&
    headers.origin !== undefined &&
    headers["access-control-request-method"] !== undefined
  );
}
