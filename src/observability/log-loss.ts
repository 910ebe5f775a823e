import { describeCounter, type Metric } from "./metric.js";

/** @param lines of the log of this process that could not be written */
export function describeLogLoss(lines: number): Metric[] {
  return [
    describeCounter(
      "ice_log_lines_lost_total",
      "Log lines that could not be written: disk full, I/O error, reader gone, or more lines than it takes.",
      [{ labels: {}, value: lines }],
    ),
  ];
}
