import { describe, expect, it } from "vitest";
import { readTraceEnvironment } from "../../src/tracing/trace-environment.js";

const endpoint = "http://collector:4318";

describe("readTraceEnvironment", () => {
  it.each<[string, Record<string, string>]>([
    ["nothing is set", {}],
    ["the endpoint is empty", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }],
    ["only a name is set", { OTEL_SERVICE_NAME: "ice" }],
    [
      "the exporter is none",
      { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    ],
    ["the exporter is another", { OTEL_TRACES_EXPORTER: "zipkin" }],
    ["the SDK is disabled", { OTEL_SDK_DISABLED: "True", OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
  ])("wants no traces where %s", (_, env) => {
    expect(readTraceEnvironment(env)).toBeUndefined();
  });

  it.each<[string, Record<string, string>]>([
    ["an endpoint for all signals", { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    ["one for traces", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/v1/traces` }],
    ["the exporter otlp", { OTEL_TRACES_EXPORTER: "otlp" }],
    ["a switch that is off", { OTEL_TRACES_EXPORTER: " otlp ", OTEL_SDK_DISABLED: "false" }],
  ])("wants traces with %s", (_, env) => {
    expect(readTraceEnvironment(env)).toEqual({
      protocol: "http/protobuf",
      acceptsParents: true,
      warnings: [],
    });
  });

  it("takes the protocol for traces before the one for all signals", () => {
    const env = {
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json",
    };
    expect(readTraceEnvironment(env)).toMatchObject({ protocol: "http/json", warnings: [] });
  });

  it("goes on with what it knows, and warns of the rest", () => {
    const env = { OTEL_TRACES_EXPORTER: "console,otlp", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    expect(readTraceEnvironment(env)).toMatchObject({
      protocol: "http/protobuf",
      warnings: [
        'OTEL_TRACES_EXPORTER: "console" is not supported and left out',
        'OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" is not supported; http/protobuf is used',
      ],
    });
  });

  it.each([
    ["tracecontext,baggage", true],
    ["none", false],
    ["b3", false],
  ])("with the propagators %s, takes up a caller's trace: %s", (propagators, acceptsParents) => {
    const env = { OTEL_TRACES_EXPORTER: "otlp", OTEL_PROPAGATORS: propagators };
    expect(readTraceEnvironment(env)).toMatchObject({ acceptsParents });
  });
});
