import type { Readiness } from "../rpc/readiness.js";

export interface ProbeAnswer {
  readonly status: number;
  readonly body: string;
}

export type ProbeRoute = () => ProbeAnswer;

/** The routes that orchestrators and load balancers ask, without authentication. */
export function createProbeRoutes(readiness: Readiness): ReadonlyMap<string, ProbeRoute> {
  const alive: ProbeAnswer = { status: 200, body: '{"status":"healthy"}' };
  const ready: ProbeAnswer = { status: 200, body: '{"status":"ready"}' };
  return new Map([
    ["/health", () => alive],
    ["/healthz", () => alive],
    [
      "/readyz",
      () =>
        readiness.state === "serving"
          ? ready
          : { status: 503, body: JSON.stringify({ status: readiness.state }) },
    ],
  ]);
}
