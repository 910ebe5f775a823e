import { describeCounter, describeGauge, type Metric } from "../../observability/metric.js";
import type { JwksStatus } from "./jwks-pool.js";

/** What operators want to know of the issuers' keys behind URLs. */
export function describeJwks(each: readonly JwksStatus[], nowMs: number): Metric[] {
  const statuses = mergeByIssuer(each);
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

/** An issuer can have several URLs: the oldest of its keys count. */
function mergeByIssuer(each: readonly JwksStatus[]): JwksStatus[] {
  const merged = new Map<string, JwksStatus>();
  for (const status of each) {
    const other = merged.get(status.issuer);
    merged.set(status.issuer, other === undefined ? status : mergeStatuses(other, status));
  }
  return [...merged.values()];
}

function mergeStatuses(one: JwksStatus, other: JwksStatus): JwksStatus {
  const { loadedAtMs: oneMs = Number.POSITIVE_INFINITY } = one;
  const { loadedAtMs: otherMs = Number.POSITIVE_INFINITY } = other;
  const loadedAtMs = Math.min(oneMs, otherMs);
  return {
    issuer: one.issuer,
    loadedAtMs: Number.isFinite(loadedAtMs) ? loadedAtMs : undefined,
    successCount: one.successCount + other.successCount,
    failureCount: one.failureCount + other.failureCount,
  };
}
