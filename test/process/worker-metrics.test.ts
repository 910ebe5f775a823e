import { describe, expect, it } from "vitest";
import { describeCounter } from "../../src/observability/metric.js";
import { WorkerMetrics } from "../../src/process/worker-metrics.js";

const metrics = [describeCounter("test_total", "Tests.", [{ labels: {}, value: 1 }])];

describe("WorkerMetrics", () => {
  it("asks once until there is an answer", async () => {
    let asked = 0;
    const worker = new WorkerMetrics(() => {
      asked += 1;
    });
    const answers = [worker.refresh(), worker.refresh()];
    worker.receive(metrics);
    await Promise.all(answers);
    expect([asked, worker.last]).toEqual([1, metrics]);
  });

  it("asks again after an answer without metrics, and has the last ones meanwhile", async () => {
    let asked = 0;
    const worker = new WorkerMetrics(() => {
      asked += 1;
    });
    worker.receive(metrics);
    const answer = worker.refresh();
    worker.receive(undefined);
    await answer;
    void worker.refresh();
    expect([asked, worker.last]).toEqual([2, metrics]);
  });
});
