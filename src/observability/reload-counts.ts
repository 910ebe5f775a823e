import type { Clock } from "../clock.js";
import { describeCounter, describeGauge, type Metric } from "./metric.js";

/** Counts how often the configuration was loaded anew. That of the start is the first good one. */
export class ReloadCounts {
  readonly #clock: Clock;
  #successCount = 0;
  #failureCount = 0;
  #retryCount = 0;
  #lastSuccessAtMs: number;
  #lastSucceeded = true;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastSuccessAtMs = clock();
  }

  /** To be called after each reload. `retry`: it failed for a reason that may pass. */
  add(result: "success" | "failure" | "retry"): void {
    this.#lastSucceeded = result === "success";
    if (result === "success") {
      this.#successCount += 1;
      this.#lastSuccessAtMs = this.#clock();
    } else if (result === "failure") {
      this.#failureCount += 1;
    } else {
      this.#retryCount += 1;
    }
  }

  describe(): Metric[] {
    return [
      describeCounter(
        "ice_config_reloads_total",
        "Reloads of the configuration, by result (success, failure, retry).",
        [
          { labels: { result: "success" }, value: this.#successCount },
          { labels: { result: "failure" }, value: this.#failureCount },
          { labels: { result: "retry" }, value: this.#retryCount },
        ],
      ),
      describeGauge(
        "ice_config_last_reload_successful",
        "Whether the last reload succeeded (1); after a failed one (0) the earlier configuration stays.",
        [{ labels: {}, value: this.#lastSucceeded ? 1 : 0 }],
      ),
      describeGauge(
        "ice_config_last_reload_success_timestamp_seconds",
        "When the running configuration was loaded, in Unix time.",
        [{ labels: {}, value: this.#lastSuccessAtMs / 1000 }],
      ),
    ];
  }
}
