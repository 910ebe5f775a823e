import { readList } from "../config/collections.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the standard OTEL_* variables say of traces, as far as OpenTelemetry's library leaves it to us. */
export interface TraceSettings {
  /** How spans are encoded on their way to the collector. */
  readonly protocol: "http/protobuf" | "http/json";
  /** Whether a caller's `traceparent` is taken up. */
  readonly acceptsParents: boolean;
  readonly warnings: readonly string[];
}

/**
 * Reads the variables. Traces are wanted when OTEL_TRACES_EXPORTER says `otlp`, or, without it, when
 * an OTLP endpoint is given. An empty variable counts as not set, and what is unknown is a warning:
 * such variables are often set for many programs at once.
 *
 * @returns undefined where no traces are wanted
 */
export function readTraceEnvironment(env: Environment): TraceSettings | undefined {
  const exporters = readNames(env["OTEL_TRACES_EXPORTER"]);
  const hasEndpoint =
    readNames(env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || env["OTEL_EXPORTER_OTLP_ENDPOINT"])
      .length > 0;
  const wanted = exporters.length > 0 ? exporters.includes("otlp") : hasEndpoint;
  if (!wanted || env["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true") {
    return undefined;
  }
  const warnings = exporters
    .filter((name) => name !== "otlp")
    .map((name) => `OTEL_TRACES_EXPORTER: ${JSON.stringify(name)} is not supported and left out`);
  const [protocol = "http/protobuf"] = readNames(
    env["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] || env["OTEL_EXPORTER_OTLP_PROTOCOL"],
  );
  const isKnown = protocol === "http/protobuf" || protocol === "http/json";
  if (!isKnown) {
    warnings.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL: ${JSON.stringify(protocol)} is not supported; http/protobuf is used`,
    );
  }
  const propagators = readNames(env["OTEL_PROPAGATORS"]);
  return {
    protocol: isKnown ? protocol : "http/protobuf",
    acceptsParents: propagators.length === 0 || propagators.includes("tracecontext"),
    warnings,
  };
}

/** Such variables are often made for many programs, and white space around the whole does no harm. */
function readNames(text = ""): string[] {
  return readList(text.trim());
}
