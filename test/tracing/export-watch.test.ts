import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { beforeEach, describe, expect, it } from "vitest";
import { ExportWatch } from "../../src/tracing/export-watch.js";

let nowMs: number;
let lines: unknown[];
let result: ExportResult;
let watch: ExportWatch;
const failure = (error: Error): ExportResult => ({ code: ExportResultCode.FAILED, error });
const success: ExportResult = { code: ExportResultCode.SUCCESS };

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  lines = [];
  watch = new ExportWatch(
    { export: (_, report) => report(result), shutdown: async () => {} },
    {
      info: (fields, message) => lines.push(["info", fields, message]),
      warn: (fields, message) => lines.push(["warn", fields, message]),
    },
    () => nowMs,
  );
});

/** Exports nothing, with this outcome; returns what the exporter's user hears of it. */
function exportOnce(outcome: ExportResult): ExportResult | undefined {
  let reported: ExportResult | undefined;
  result = outcome;
  watch.export([], (report) => {
    reported = report;
  });
  return reported;
}

describe("ExportWatch", () => {
  it("hands the outcome on, and says nothing when all is well", () => {
    expect(exportOnce(success)).toBe(success);
    expect(lines).toEqual([]);
  });

  it("warns when exporting begins to fail, once a minute while it does, and tells when it works", () => {
    const down = failure(new Error("connect ECONNREFUSED 127.0.0.1:4318"));
    const warning = [
      "warn",
      { problem: "connect ECONNREFUSED 127.0.0.1:4318", lostSpans: 0 },
      "spans cannot be exported",
    ];
    expect(exportOnce(down)).toBe(down);
    nowMs += 59_999;
    exportOnce(down);
    expect(lines).toEqual([warning]);
    nowMs += 1;
    exportOnce(down);
    expect(lines).toEqual([warning, warning]);
    exportOnce(success);
    exportOnce(success);
    expect(lines.slice(2)).toEqual([["info", { lostSpans: 0 }, "spans can be exported again"]]);
  });

  it("warns again at once when it fails anew", () => {
    exportOnce(failure(new Error("a")));
    exportOnce(success);
    exportOnce(failure(new Error("b")));
    expect(lines).toHaveLength(3);
  });

  it("tells a status by its number, without the collector's answer", () => {
    const error = Object.assign(new Error("Bad Request"), { code: 400, data: "secret" });
    exportOnce(failure(error));
    expect(lines).toMatchObject([["warn", { problem: "Bad Request (400)" }, expect.anything()]]);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });
});
