import { fromBinary, toJson } from "@bufbuild/protobuf";
import { z } from "zod";
import { ExportRequestSchema } from "../schemas/gen/otlp_traces_pb.js";

/** A span as it was exported; ids in lower-case hex, times in Unix nanoseconds. */
export interface ExportedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty where the span has no parent. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: number;
  /** 0: unset, 2: error. */
  readonly status: number;
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

const attribute = z.object({
  key: z.string(),
  value: z.object({
    stringValue: z.string().optional(),
    boolValue: z.boolean().optional(),
    intValue: z.union([z.string(), z.number()]).transform(Number).optional(),
    doubleValue: z.number().optional(),
  }),
});
const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(""),
  traceState: z.string().default(""),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes: z.array(attribute).default([]),
  events: z.array(z.unknown()).default([]),
  status: z.object({ code: z.number().default(0) }).default({ code: 0 }),
});
const exportRequest = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute).default([]) }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

/** Reads an ExportTraceServiceRequest of OTLP, in either of its encodings over HTTP. */
export function decodeExportRequest(body: Uint8Array, contentType: string): ExportedSpan[] {
  switch (contentType) {
    case "application/json":
      return readSpans(JSON.parse(new TextDecoder().decode(body)), (id) => id);
    case "application/x-protobuf":
      return readSpans(toJson(ExportRequestSchema, fromBinary(ExportRequestSchema, body)), (id) =>
        Buffer.from(id, "base64").toString("hex"),
      );
    default:
      throw new Error(`OTLP over HTTP has no ${contentType}`);
  }
}

function readSpans(json: unknown, readId: (text: string) => string): ExportedSpan[] {
  return exportRequest.parse(json).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map((exported) => ({
        name: exported.name,
        kind: exported.kind,
        traceId: readId(exported.traceId),
        spanId: readId(exported.spanId),
        parentSpanId: readId(exported.parentSpanId),
        traceState: exported.traceState,
        startNanos: BigInt(exported.startTimeUnixNano),
        endNanos: BigInt(exported.endTimeUnixNano),
        attributes: readAttributes(exported.attributes),
        events: exported.events.length,
        status: exported.status.code,
        resource: readAttributes(resource.attributes),
      })),
  );
}

function readAttributes(attributes: readonly z.output<typeof attribute>[]) {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, boolValue, intValue, doubleValue } }) => [
      key,
      stringValue ?? boolValue ?? intValue ?? doubleValue ?? "",
    ]),
  );
}
