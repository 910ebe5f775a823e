import type { HealthReport } from "../health/health-report.js";
import type { Metric } from "../observability/metric.js";
import { shareWhilePending } from "../observability/share-while-pending.js";
import type { Readiness } from "../readiness.js";
import { createProbeRoutes, type FixedAnswer } from "./fixed-routes.js";

/** Answers GET, without authentication: it reveals nothing secret, and changes nothing. */
export type AdminRoute = () => FixedAnswer | Promise<FixedAnswer>;

export interface AdminSources {
  readonly readiness: Readiness;
  /** The metrics of every process. */
  readonly readMetrics: () => Promise<readonly (readonly Metric[])[]>;
  /** What probes know of the servers. */
  readonly readHealth: () => HealthReport | undefined;
}

/** What the admin listener serves, by path. */
export function createAdminRoutes({
  readiness,
  readMetrics,
  readHealth,
}: AdminSources): ReadonlyMap<string, AdminRoute> {
  const routes = new Map<string, AdminRoute>(createProbeRoutes(readiness));
  const answerMetrics = shareWhilePending(async () => {
    // Loaded by the first who asks: a process that nobody watches does without.
    const { printMetrics } = await import("../observability/prometheus.js");
    const { contentType, body } = await printMetrics(await readMetrics());
    return { status: 200, headers: { "content-type": contentType }, body };
  });
  routes.set("/metrics", answerMetrics);
  routes.set("/health/turn", () => ({
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(readHealth() ?? { probing: false, groups: [] }),
  }));
  const index = [...routes.keys()].map((path) => `${path}\n`).join("");
  const headers = { "content-type": "text/plain" };
  return routes.set("/", () => ({ status: 200, headers, body: index }));
}
