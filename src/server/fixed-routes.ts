import type { HttpHeaders } from "../http/http-message.js";
import type { ResponseDescription, RouteDescription } from "../http/route-description.js";
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

const health = {
  description: "Whether the process is alive.",
  responses: { 200: describeState("It is alive.", "healthy") },
};

/** What {@link createProbeRoutes} answers. */
export const probeDescriptions: readonly RouteDescription[] = [
  { path: "/health", operationId: "GetHealth", ...health },
  { path: "/healthz", operationId: "GetLiveness", ...health },
  {
    path: "/readyz",
    operationId: "GetReadiness",
    description: "Whether the service wants calls.",
    responses: {
      200: describeState("It wants calls.", "ready"),
      503: describeState("It starts, or it is about to stop.", "starting", "draining"),
    },
  },
];

function describeState(description: string, ...states: readonly string[]): ResponseDescription {
  const properties = { status: { enum: states } };
  return { description, schema: { type: "object", properties, required: ["status"] } };
}

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
