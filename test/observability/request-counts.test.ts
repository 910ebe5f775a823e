import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/observability/metric.js";
import { RequestCounts } from "../../src/observability/request-counts.js";

function samples(counts: RequestCounts, name: string): Sample[] {
  return counts.describe().flatMap((metric) => (metric.name === name ? metric.values : []));
}

describe("RequestCounts", () => {
  it.each<[status: number | undefined, code: string]>([
    [200, "ok"],
    [204, "ok"],
    [503, "unavailable"],
    [undefined, "unavailable"],
  ])("takes the status %s for a code where no RPC ran: %s", (status, code) => {
    const counts = new RequestCounts();
    counts.end({ protocol: "http", target: "/readyz" }, status, 1);
    expect(samples(counts, "ice_requests_total")).toEqual([
      { labels: { protocol: "http", method: "/readyz", code, fault: "none" }, value: 1 },
    ]);
  });

  it("counts alike requests together, and others for themselves", () => {
    const counts = new RequestCounts();
    for (const code of ["ok", "not_found", "ok"]) {
      counts.end({ protocol: "grpc", target: "a.B/C", code }, 200, 1);
    }
    counts.end({ protocol: "rest", code: "not_found" }, 404, 1);
    expect(samples(counts, "ice_requests_total")).toEqual([
      {
        labels: { protocol: "rest", method: "unknown", code: "not_found", fault: "client" },
        value: 1,
      },
      { labels: { protocol: "grpc", method: "a.B/C", code: "ok", fault: "none" }, value: 2 },
      {
        labels: { protocol: "grpc", method: "a.B/C", code: "not_found", fault: "client" },
        value: 1,
      },
    ]);
  });

  it("leaves streams out of the durations", () => {
    const counts = new RequestCounts();
    counts.openStream();
    counts.openStream();
    counts.closeStream();
    counts.end({ protocol: "grpc", target: "a.B/Watch", code: "ok" }, 200, undefined);
    expect(samples(counts, "ice_open_streams")).toEqual([{ labels: {}, value: 1 }]);
    const total = samples(counts, "ice_request_duration_seconds")
      .filter(({ metricName }) => metricName === "ice_request_duration_seconds_count")
      .reduce((sum, { value }) => sum + value, 0);
    expect(total).toBe(0);
  });
});
