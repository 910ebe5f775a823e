import type { HttpAnswer } from "./http-message.js";

/** The methods of the main port, which `OPTIONS *` asks for (RFC 9110 section 9.3.7). */
export const portMethods = ["GET", "HEAD", "POST"] as const;

/**
 * Answers OPTIONS outside of CORS. Load balancers use it as a health check: HAProxy sends
 * `OPTIONS / HTTP/1.0` by default.
 */
export function createOptionsAnswer(methods: readonly string[]): HttpAnswer {
  return { status: 204, headers: { allow: [...methods, "OPTIONS"].join(", ") }, body: "" };
}
