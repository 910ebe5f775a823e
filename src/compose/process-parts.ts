import { Guard } from "../http/guard.js";
import type { Logger, Logs } from "../observability/logger.js";
import { ProcessMetrics } from "../observability/process-metrics.js";
import type { RequestLog } from "../observability/request-log.js";
import { ConnectionRefusals } from "../server/connection-refusals.js";
import { OpenFiles } from "../server/open-files.js";

/** What a process has one of, whether it answers calls itself or has workers that do. */
export interface ProcessParts {
  readonly log: Logger;
  readonly requestLog: RequestLog;
  readonly guard: Guard;
  readonly openFiles: OpenFiles;
  readonly refusals: ConnectionRefusals;
  readonly metrics: ProcessMetrics;
}

/** Makes them, and has the metrics describe them. */
export function createProcessParts(
  { log, requestLog, describeLog }: Logs,
  openFiles = new OpenFiles(),
): ProcessParts {
  const guard = new Guard(log);
  const refusals = new ConnectionRefusals(log, guard);
  const metrics = new ProcessMetrics();
  metrics.add(describeLog);
  metrics.add(() => guard.describe());
  metrics.add(() => refusals.describe());
  return { log, requestLog, guard, openFiles, refusals, metrics };
}
