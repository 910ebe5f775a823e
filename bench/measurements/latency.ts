import { calls } from "../calls/call.js";
import { measureLatencies } from "../load/h2load.js";
import type { Fleet } from "../processes/fleet.js";
import type { Scene } from "../processes/scene.js";
import type { RowFigures, RowTitle } from "../report/row.js";
import { median, percentile } from "../report/statistics.js";
import { type Measurement, nameMeasurement } from "./measurement.js";
import type { LoadOptions, ThroughputFigures } from "./throughput.js";

const ours: Measurement = { server: "ice-service", call: "rest", tokens: "es256" };
const theirs: Measurement = { server: "bare-http-fresh", call: "rest", tokens: "es256" };

/** What must be measured first: half of it is the rate at which latency is looked at. */
export const saturatingLoads: readonly Measurement[] = [ours, theirs];

export interface LatencyRow extends RowTitle {
  /** 0.99 for the 99th percentile. */
  readonly share: number;
}

export const latencyRows: readonly LatencyRow[] = [
  describeShare("p50", 0.5),
  { ...describeShare("p99", 0.99), target: { of: "ratio", relation: "<", value: 3 } },
  describeShare("p99.9", 0.999),
];

/** Each server gets calls at half the rate that saturates it, whether or not it keeps up. */
export async function measureLatencyRows(
  rows: readonly LatencyRow[],
  fleet: Fleet,
  scene: Scene,
  throughput: ThroughputFigures,
  { rounds, seconds, callsInFlight, progress }: LoadOptions,
): Promise<RowFigures[]> {
  async function measure(measurement: Measurement): Promise<number[]> {
    const server = fleet.find(measurement.server);
    const saturating = throughput.get(nameMeasurement(measurement)) ?? [];
    const halfRate = median(saturating.map(({ callsPerSecond }) => callsPerSecond)) / 2;
    const latencies = await measureLatencies(
      {
        call: calls[measurement.call],
        url: server.url,
        seconds,
        callsInFlight,
        tokens: { kind: "same", token: scene.tokens.es256 },
        directory: scene.directory.path,
      },
      halfRate,
    );
    server.clearLog();
    return latencies.map((microseconds) => microseconds / 1000);
  }

  const samples: { ours: number[]; theirs: number[] }[] = [];
  for (let round = 1; round <= rounds; round++) {
    progress.step(`round ${round} of ${rounds}: latency at half load`);
    samples.push({ ours: await measure(ours), theirs: await measure(theirs) });
  }
  return rows.map(({ share, ...row }) => ({
    ...row,
    ours: samples.map((sample) => percentile(sample.ours, share)),
    theirs: samples.map((sample) => percentile(sample.theirs, share)),
  }));
}

function describeShare(title: string, share: number): LatencyRow {
  return {
    name: `REST at half load, ${title}`,
    comparedWith: "bare node:http, fresh credential",
    unit: "ms",
    share,
  };
}
