import { describeCounter, describeGauge, type Metric } from "../../observability/metric.js";
import type { JwksStatus } from "./jwks-source.js";

/** What operators want to know of the issuers' keys behind URLs. */
export function describeJwks(statuses: readonly JwksStatus[], nowMs: number): Metric[] {
  return [
    describeGauge(
      "ice_jwks_age_seconds",
      "Time since an issuer's keys were last loaded from their URL; absent until the first load.",
      statuses.flatMap(({ issuer, loadedAtMs }) =>
        loadedAtMs === undefined
          ? []
          : [{ labels: { issuer }, value: Math.max(0, nowMs - loadedAtMs) / 1000 }],
      ),
      "max",
    ),
    describeCounter(
      "ice_jwks_loads_total",
      "Loads of an issuer's keys from their URL, by result.",
      statuses.flatMap(({ issuer, successCount, failureCount }) => [
        { labels: { issuer, result: "success" }, value: successCount },
        { labels: { issuer, result: "failure" }, value: failureCount },
      ]),
    ),
  ];
}
