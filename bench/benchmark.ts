import type { BenchOptions } from "./command-line.js";
import { MissingPartError } from "./failure.js";
import type { LoadFigure } from "./load/checked-load.js";
import { latencyRows, measureLatencyRows, saturatingLoads } from "./measurements/latency.js";
import { type Measurement, nameMeasurement } from "./measurements/measurement.js";
import { measureMemory, memoryRows, peerMemoryRows } from "./measurements/memory.js";
import { measureStartUp, startUpRows } from "./measurements/start-up.js";
import { measureThroughput, type ThroughputFigures } from "./measurements/throughput.js";
import {
  peerThroughputRows,
  type ThroughputRow,
  throughputRows,
} from "./measurements/throughput-rows.js";
import { measureWatches, watchRows } from "./measurements/watch-costs.js";
import { createSettings } from "./processes/baseline.js";
import { type Fleet, startFleet } from "./processes/fleet.js";
import { buildPeers } from "./processes/peer.js";
import { createScene } from "./processes/scene.js";
import type { Machine } from "./report/machine.js";
import type { Progress } from "./report/progress.js";
import { completeRow, type Row } from "./report/row.js";
import { divideEach } from "./report/statistics.js";

export interface BenchResult {
  readonly rows: readonly Row[];
  /** Every load behind the rows. */
  readonly throughput: ThroughputFigures;
}

/**
 * Measures every row that the options ask for.
 *
 * @throws MissingPartError, or WrongAnswerError when a server did not do what is measured
 */
export async function runBenchmark(
  options: BenchOptions,
  machine: Machine,
  progress: Progress,
): Promise<BenchResult> {
  const { node, cpuProf, only, targets, full, peers } = options;
  const isWanted = ({
    name,
    comparedWith,
    target,
  }: Pick<Row, "name" | "comparedWith" | "target">) =>
    (only?.test(`${name} / ${comparedWith}`) ?? true) && (target !== undefined || !targets);
  const wanted = {
    throughput: [...throughputRows, ...(peers ? peerThroughputRows : [])].filter(isWanted),
    latency: latencyRows.filter(isWanted),
    startUp: startUpRows.filter(isWanted),
    watches: watchRows.filter(isWanted),
    memory: [...memoryRows, ...(peers ? peerMemoryRows : [])].filter(
      (row) => isWanted(row) && (full || row.slow !== true),
    ),
  };
  if (Object.values(wanted).every((rows) => rows.length === 0)) {
    throw new MissingPartError(`no row matches ${only}`);
  }

  if (peers) {
    progress.step("building the Go server");
    await buildPeers();
  }
  const measurements = distinct([
    ...wanted.throughput.flatMap(({ ours, theirs }) => [ours, theirs]),
    ...(wanted.latency.length > 0 ? saturatingLoads : []),
  ]);
  const scene = await createScene();
  const rows: Row[] = [];
  const throughput = new Map<string, LoadFigure[]>();
  const loads = { ...options, progress };
  const parts = splitRounds(options.rounds, options.starts);

  async function startServers(): Promise<Fleet> {
    progress.step("starting the servers");
    const servers = measurements.map(({ server }) => server);
    const serviceNodeArgs = cpuProf === undefined ? [] : profileTo(cpuProf);
    return startFleet(servers, scene, { node, serviceNodeArgs });
  }

  try {
    let fleet = await startServers();
    const restartServers = async () => {
      await fleet.stop();
      fleet = await startServers();
    };
    try {
      for (const [index, roundNumbers] of parts.entries()) {
        // One process of a program is faster than the next by some percent, for as long as it lives:
        // where its code and data lie in memory is a matter of luck.
        if (index > 0) {
          await restartServers();
        }
        await measureThroughput(measurements, fleet, scene, roundNumbers, loads, throughput);
      }
      // A noisy minute decides nothing: what has missed its target is measured as often again, and all rounds count.
      const again = options.check ? findMissed(wanted.throughput, throughput, machine) : [];
      if (again.length > 0) {
        const twice = { ...loads, rounds: 2 * options.rounds };
        for (const roundNumbers of parts) {
          await restartServers();
          const later = roundNumbers.map((round) => options.rounds + round);
          await measureThroughput(again, fleet, scene, later, twice, throughput);
        }
      }
      rows.push(...wanted.throughput.map((row) => toRow(row, throughput, machine)));
      if (wanted.latency.length > 0) {
        const figures = await measureLatencyRows(wanted.latency, fleet, scene, throughput, loads);
        rows.push(...figures.map((figure) => completeRow(figure)));
      }
    } finally {
      await fleet.stop();
    }
    const { models } = fleet;
    const settings = createSettings(scene, models);
    if (wanted.startUp.length > 0) {
      const figures = await measureStartUp(wanted.startUp, scene, settings, { node, progress });
      rows.push(...figures.map((figure) => completeRow(figure)));
    }
    rows.push(...(await measureWatches(wanted.watches, scene, { node, settings, progress })));
    rows.push(...(await measureMemory(wanted.memory, scene, { node, settings, models, progress })));
  } finally {
    await scene.remove();
  }
  return { rows, throughput };
}

/** What rows that miss their targets are made of. */
function findMissed(
  rows: readonly ThroughputRow[],
  throughput: ThroughputFigures,
  machine: Machine,
): Measurement[] {
  const missed = rows.filter((row) => toRow(row, throughput, machine).verdict === "missed");
  return distinct(missed.flatMap(({ ours, theirs }) => [ours, theirs]));
}

function toRow(
  { ours, theirs, minCores = 1, ...row }: ThroughputRow,
  throughput: ThroughputFigures,
  { cores }: Machine,
): Row {
  const isCost = row.unit === "µs/call";
  const loads = (measurement: Measurement) => throughput.get(nameMeasurement(measurement)) ?? [];
  const figures = (measurement: Measurement) =>
    loads(measurement).map(({ callsPerSecond }) =>
      isCost ? 1e6 / callsPerSecond : callsPerSecond,
    );
  const cpu = (measurement: Measurement) =>
    loads(measurement).map(({ cpuMicrosPerCall }) => cpuMicrosPerCall);
  return completeRow(
    {
      ...row,
      ours: figures(ours),
      theirs: figures(theirs),
      // What takes half the CPU time could be called twice as often.
      cpuRatios: isCost ? divideEach(cpu(ours), cpu(theirs)) : divideEach(cpu(theirs), cpu(ours)),
    },
    cores < minCores ? `${cores} cores` : undefined,
  );
}

/** The numbers of the rounds from 1, in as many parts as there are starts, at most one each. */
export function splitRounds(rounds: number, starts: number): number[][] {
  const parts = Math.min(rounds, starts);
  return Array.from({ length: parts }, (_, part) => {
    const first = Math.round((rounds * part) / parts);
    const end = Math.round((rounds * (part + 1)) / parts);
    return Array.from({ length: end - first }, (_unused, index) => first + index + 1);
  });
}

/** In the order of their first use. */
function distinct(measurements: readonly Measurement[]): Measurement[] {
  const byName = new Map<string, Measurement>();
  for (const measurement of measurements) {
    const name = nameMeasurement(measurement);
    byName.set(name, byName.get(name) ?? measurement);
  }
  return [...byName.values()];
}

function profileTo(directory: string): string[] {
  return ["--cpu-prof", `--cpu-prof-dir=${directory}`];
}
