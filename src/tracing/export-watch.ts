import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import { type Clock, hasPassed } from "../clock.js";
import type { Log } from "../log.js";

const warningIntervalMs = 60_000;

/**
 * Logs when spans cannot be exported, at most once a minute, and when they can be exported again.
 */
export class ExportWatch implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #log: Log;
  readonly #clock: Clock;
  #warnedAtMs: number | undefined;
  #lostSpans = 0;

  constructor(exporter: SpanExporter, log: Log, clock: Clock) {
    this.#exporter = exporter;
    this.#log = log;
    this.#clock = clock;
  }

  export(spans: ReadableSpan[], report: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) {
        this.#tellSuccess();
      } else {
        this.#lostSpans += spans.length;
        this.#tellFailure(result.error);
      }
      report(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #tellSuccess(): void {
    if (this.#warnedAtMs !== undefined) {
      this.#log.info({ lostSpans: this.#lostSpans }, "spans can be exported again");
      this.#warnedAtMs = undefined;
      this.#lostSpans = 0;
    }
  }

  #tellFailure(error: Error | undefined): void {
    const nowMs = this.#clock();
    if (this.#warnedAtMs === undefined || hasPassed(warningIntervalMs, this.#warnedAtMs, nowMs)) {
      this.#warnedAtMs = nowMs;
      this.#log.warn(
        { problem: describeError(error), lostSpans: this.#lostSpans },
        "spans cannot be exported",
      );
    }
  }
}

/** Such as `connect ECONNREFUSED 127.0.0.1:4318` and `Bad Request (400)`, without the answer's body. */
function describeError(error: Error | undefined): string {
  if (error === undefined) {
    return "unknown error";
  }
  const { message } = error;
  const code = "code" in error ? String(error.code) : "";
  return message.includes(code) ? message : `${message} (${code})`;
}
