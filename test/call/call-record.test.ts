import { describe, expect, it } from "vitest";
import { CallRecord, timeStep } from "../../src/call/call-record.js";

describe("timeStep", () => {
  it("notes when a step began and ended, well or not, and hands on how", async () => {
    const record = Object.assign(new CallRecord(), { steps: [] });
    expect(await timeStep("count call", Promise.resolve(5), record)).toBe(5);
    const failure = timeStep("verify token", Promise.reject(new Error("no")), record);
    await expect(failure).rejects.toThrow("no");
    expect(record.steps).toMatchObject([{ name: "count call" }, { name: "verify token" }]);
    for (const { startedAtMs, endedAtMs } of record.steps ?? []) {
      expect(endedAtMs).toBeGreaterThanOrEqual(startedAtMs);
    }
  });

  it("is no more than the promise where nobody traces", () => {
    const step = Promise.resolve();
    expect(timeStep("count call", step, new CallRecord())).toBe(step);
  });
});
