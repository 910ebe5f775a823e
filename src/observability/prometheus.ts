import { setTimeout as sleep } from "node:timers/promises";
import { AggregatorRegistry, collectDefaultMetrics, Registry } from "prom-client";
import { type Metric, metricSchema } from "./metric.js";

/** How often the event loop's delay is looked at, in milliseconds; each time wakes the process. */
const eventLoopIntervalMs = 50;

/** Not of the names that Prometheus asks for; each is the sum of one that stays. */
const misnamed = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

let nodeRegistry: Promise<Registry> | undefined;

/**
 * The metrics of Node and its process. CPU time, event loop and garbage collection are watched from
 * the first call on.
 */
export async function readNodeMetrics(): Promise<Metric[]> {
  nodeRegistry ??= openNodeRegistry();
  return toMetrics(await nodeRegistry);
}

/** Adds the metrics of several processes up; where the first one's value counts, order matters. */
export async function sumMetrics(processes: readonly (readonly Metric[])[]): Promise<Metric[]> {
  return toMetrics(AggregatorRegistry.aggregate([...processes]));
}

/** The sum of several processes, as Prometheus reads it. */
export async function printMetrics(
  processes: readonly (readonly Metric[])[],
): Promise<{ readonly contentType: string; readonly body: string }> {
  const registry = AggregatorRegistry.aggregate([...processes]);
  return { contentType: registry.contentType, body: await registry.metrics() };
}

async function openNodeRegistry(): Promise<Registry> {
  const register = new Registry();
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: eventLoopIntervalMs });
  for (const name of misnamed) {
    register.removeSingleMetric(name);
  }
  // Without any measurement, the delays of the event loop would read as 292 years.
  await sleep(2 * eventLoopIntervalMs);
  return register;
}

async function toMetrics(registry: Registry): Promise<Metric[]> {
  const metrics: object[] = await registry.getMetricsAsJSON();
  // The library would leave the start time out of a sum: it is the first process's.
  return metrics.map((metric) =>
    metricSchema.parse(
      Reflect.get(metric, "aggregator") === "omit" ? { ...metric, aggregator: "first" } : metric,
    ),
  );
}
