import {
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapPropagator,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { ATTR_ERROR_TYPE } from "@opentelemetry/semantic-conventions";
import type { CallStep } from "../call/call-record.js";
import type { CallTracer } from "../call/call-tracer.js";
import type { Clock } from "../clock.js";
import type { RequestHeaders } from "../http/request-headers.js";
import { describeCall, nameSpan } from "./server-span.js";

export interface CallSpanOptions {
  readonly tracer: Tracer;
  /** Reads the caller's trace; undefined where callers have no say. */
  readonly propagator: TextMapPropagator<RequestHeaders> | undefined;
  readonly clock: Clock;
  /** Of the service's own port. */
  readonly scheme: "http" | "https";
}

const headerGetter: TextMapGetter<RequestHeaders> = {
  get: (headers, name) => headers.find(name) ?? undefined,
  keys: () => [],
};

/**
 * Records a SERVER span for each RPC and each REST call, and below it one for each step that took its
 * time. Spans are made when the call has ended: nothing is carried along with it.
 */
export function createCallTracer(options: CallSpanOptions): Pick<CallTracer, "recordCall"> {
  const { tracer, propagator, clock, scheme } = options;

  function recordSteps(steps: readonly CallStep[], parent: Context, originMs: number): void {
    for (const { name, startedAtMs, endedAtMs } of steps) {
      tracer
        .startSpan(name, { startTime: originMs + startedAtMs }, parent)
        .end(originMs + endedAtMs);
    }
  }

  return {
    recordCall(exchange, record, status) {
      const call = { exchange, record, status };
      const name = nameSpan(call);
      if (name === undefined) {
        return undefined;
      }
      // All spans of a call by one reading of the clock, so that they fit into each other.
      const nowMs = performance.now();
      const originMs = clock() - nowMs;
      const parent = propagator?.extract(ROOT_CONTEXT, exchange.headers, headerGetter);
      const span = tracer.startSpan(
        name,
        { kind: SpanKind.SERVER, startTime: originMs + exchange.arrivedAtMs },
        parent ?? ROOT_CONTEXT,
      );
      if (!span.isRecording()) {
        return undefined;
      }
      const attributes = describeCall(call, scheme);
      span.setAttributes(attributes);
      if (attributes[ATTR_ERROR_TYPE] !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      recordSteps(record.steps ?? [], trace.setSpan(ROOT_CONTEXT, span), originMs);
      span.end(originMs + nowMs);
      return span.spanContext().traceId;
    },
  };
}
