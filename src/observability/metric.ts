import { z } from "zod";

const sampleSchema = z.object({
  labels: z.record(z.string(), z.union([z.string(), z.number()])),
  // NaN and the infinities included.
  value: z.custom<number>((value) => typeof value === "number"),
  /** Where it is not the metric's own name, such as that with `_bucket`. */
  metricName: z.string().optional(),
});

/** A metric of one process, in the form in which prom-client adds them up and prints them. */
export const metricSchema = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(["counter", "gauge", "histogram", "summary"]),
  /** How the values of several processes become one. */
  aggregator: z.enum(["sum", "first", "min", "max", "average"]),
  values: z.array(sampleSchema),
});

export type Sample = z.infer<typeof sampleSchema>;
export type Metric = z.infer<typeof metricSchema>;

/** @param name ends with `_total` */
export function describeCounter(name: string, help: string, values: Sample[]): Metric {
  return { name, help, type: "counter", aggregator: "sum", values };
}

export function describeGauge(
  name: string,
  help: string,
  values: Sample[],
  aggregator: Metric["aggregator"] = "sum",
): Metric {
  return { name, help, type: "gauge", aggregator, values };
}
