import type { HttpHeaders } from "../http/http-message.js";
import type { Readiness } from "../readiness.js";

export interface FixedAnswer {
  readonly status: number;
  readonly headers: Readonly<HttpHeaders>;
  readonly body: string | Uint8Array;
}

/** A route for GET and HEAD that asks for no token, and for nothing of the request. */
export type FixedRoute = () => FixedAnswer;

export const fixedRouteMethods: readonly string[] = ["GET", "HEAD"];

const json = { "content-type": "application/json" };

/** The routes that orchestrators and load balancers ask. */
export function createProbeRoutes(readiness: Readiness): ReadonlyMap<string, FixedRoute> {
  const alive = { status: 200, headers: json, body: '{"status":"healthy"}' };
  const ready = { status: 200, headers: json, body: '{"status":"ready"}' };
  return new Map([
    ["/health", () => alive],
    ["/healthz", () => alive],
    [
      "/readyz",
      () =>
        readiness.state === "serving"
          ? ready
          : { status: 503, headers: json, body: JSON.stringify({ status: readiness.state }) },
    ],
  ]);
}
