import type { BenchResult } from "./benchmark.js";
import type { BenchOptions } from "./command-line.js";
import type { Machine } from "./report/machine.js";

export interface RecordContent {
  readonly startedAt: Date;
  readonly machine: Machine;
  readonly options: BenchOptions;
  readonly result: BenchResult;
}

/** All that a run has found, every round's figure included, as JSON. */
export function formatRecord({ startedAt, machine, options, result }: RecordContent): string {
  const { rounds, starts, seconds, callsInFlight, only, full, peers } = options;
  const record = {
    startedAt: startedAt.toISOString(),
    machine,
    options: { rounds, starts, seconds, callsInFlight, only: only?.source, full, peers },
    rows: result.rows,
    loads: Object.fromEntries(result.throughput),
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}
