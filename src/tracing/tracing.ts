import { randomUUID } from "node:crypto";
import { DiagLogLevel, diag } from "@opentelemetry/api";
import { setGlobalErrorHandler, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from "@opentelemetry/semantic-conventions";
import type { CallTracer } from "../call/call-tracer.js";
import type { Clock } from "../clock.js";
import type { Log } from "../log.js";
import { createCallTracer } from "./call-spans.js";
import { createDiagnosticLog } from "./diagnostic-log.js";
import { ExportWatch } from "./export-watch.js";
import type { TraceSettings } from "./trace-environment.js";

export interface TracingOptions {
  readonly settings: TraceSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly serviceVersion: string;
  /** Of the service's own port. */
  readonly scheme: "http" | "https";
}

/**
 * Begins to record calls and to export them over OTLP, as the OTEL_* variables say; those that
 * {@link TraceSettings} does not hold are read by OpenTelemetry's library.
 */
export function openTracing(options: TracingOptions): CallTracer {
  const { settings, clock, log, serviceVersion, scheme } = options;
  for (const warning of settings.warnings) {
    log.warn({}, warning);
  }
  const diagnostics = createDiagnosticLog(log, clock);
  diag.setLogger(diagnostics.logger, {
    logLevel: DiagLogLevel.WARN,
    suppressOverrideMessage: true,
  });
  // The watch reports failed exports.
  setGlobalErrorHandler(() => {});
  const exporter = settings.protocol === "http/json" ? new JsonExporter() : new ProtobufExporter();
  const provider = new BasicTracerProvider({
    resource: describeResource(serviceVersion),
    spanProcessors: [new BatchSpanProcessor(new ExportWatch(exporter, log, clock))],
  });
  diagnostics.limit();
  const { recordCall } = createCallTracer({
    tracer: provider.getTracer("ice-service", serviceVersion),
    propagator: settings.acceptsParents ? new W3CTraceContextPropagator() : undefined,
    clock,
    scheme,
  });
  return {
    recordCall,
    async close(timeoutMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<"late">((resolve) => {
        timer = setTimeout(() => resolve("late"), timeoutMs);
      });
      // What could not be sent has been told by the watch.
      const sent = provider.shutdown().catch(() => {});
      if ((await Promise.race([sent, late])) === "late") {
        log.warn({ problem: "no answer in time for the stop" }, "spans cannot be exported");
      }
      clearTimeout(timer);
    },
  };
}

/** No detectors of the host or the process: command lines and paths are nobody's business. */
function describeResource(serviceVersion: string): Resource {
  return defaultResource()
    .merge(
      resourceFromAttributes({
        [ATTR_SERVICE_NAME]: "ice-service",
        [ATTR_SERVICE_VERSION]: serviceVersion,
        // Each worker exports for itself.
        [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));
}
