import packageJson from "../../package.json" with { type: "json" };
import type { CallTracer } from "../call/call-tracer.js";
import { systemClock } from "../clock.js";
import type { Logger } from "../observability/logger.js";
import type { Config } from "../service-config.js";
import { readTraceEnvironment } from "../tracing/trace-environment.js";

/** Traces calls where the OTEL_* variables ask for it; else nothing of OpenTelemetry is loaded. */
export async function openCallTracer(
  { listen }: Config,
  log: Logger,
): Promise<CallTracer | undefined> {
  const settings = readTraceEnvironment(process.env);
  if (settings === undefined) {
    return undefined;
  }
  const { openTracing } = await import("../tracing/tracing.js");
  return openTracing({
    settings,
    clock: systemClock,
    log,
    serviceVersion: packageJson.version,
    scheme: listen.tls === undefined ? "http" : "https",
  });
}
