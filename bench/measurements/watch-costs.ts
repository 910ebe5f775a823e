import { setTimeout as sleep } from "node:timers/promises";
import type { BaselineSettings } from "../baselines/settings.js";
import { WrongAnswerError } from "../failure.js";
import { maxConnections } from "../load/idle-connections.js";
import { createWatches, type Watches, type WatchProtocol } from "../load/watches.js";
import { pickHeaders, startBaseline } from "../processes/baseline.js";
import { readMemoryBytes, readThreadSeconds } from "../processes/process-usage.js";
import type { Scene } from "../processes/scene.js";
import type { ServerProcess } from "../processes/server-process.js";
import { startService } from "../processes/service.js";
import type { Progress } from "../report/progress.js";
import { completeRow, missingRow, type Row, type RowTitle } from "../report/row.js";
import { median } from "../report/statistics.js";

const watchCount = 5000;
/** What a process takes for its first watches is not counted. */
const warmUpCount = 200;
/** Long enough for V8 to give back what opening the watches has left behind. */
const settleMs = 12_000;
/** How long a process still works after the last message has arrived. */
const restMs = 500;
const changes = 7;

export interface WatchRow extends RowTitle {
  readonly protocol: WatchProtocol;
  readonly figure: keyof WatchFigures;
}

interface WatchFigures {
  /** Resident memory for each watch, in KB (1,000 bytes). */
  readonly memory: number[];
  /** CPU time for each message that a change sends, in microseconds, without the reload itself. */
  readonly change: number[];
}

export const watchRows: readonly WatchRow[] = [
  describeMemory("sse", "an idle SSE watch", "bare node:http"),
  describeMemory("grpc", "an idle gRPC watch", "bare node:http2"),
  describeChange("sse", "SSE", "bare node:http"),
  describeChange("grpc", "gRPC", "bare node:http2"),
];

export interface WatchOptions {
  readonly node: string;
  readonly settings: BaselineSettings;
  readonly progress: Progress;
}

/** Each server holds 5,000 watches, every one on a connection of its own. */
export async function measureWatches(
  rows: readonly WatchRow[],
  scene: Scene,
  { node, settings, progress }: WatchOptions,
): Promise<Row[]> {
  const done: Row[] = [];
  const directory = scene.directory.path;
  for (const protocol of ["sse", "grpc"] as const) {
    const titles = rows.filter((row) => row.protocol === protocol);
    if (titles.length === 0) {
      continue;
    }
    if (watchCount + warmUpCount > maxConnections()) {
      const why = `more than ${maxConnections()} open files (ulimit -n)`;
      done.push(...titles.map((title) => missingRow(title, why)));
      continue;
    }
    progress.step(`watches over ${protocol}: ice-service`);
    const service = await startService(scene, {
      name: `watches-${protocol}-service`,
      node,
      configFile: scene.watches.configFile,
    });
    const ours = await measureOne(service, protocol, scene, scene.watches.change);
    progress.step(`watches over ${protocol}: the baseline`);
    const baseline = protocol === "sse" ? "bare-event-streams" : "bare-grpc-streams";
    const headers = pickHeaders(ours.headers);
    const theirs = await measureOne(
      await startBaseline(
        baseline,
        { ...settings, restHeaders: headers, grpcHeaders: headers },
        { node, directory },
      ),
      protocol,
      scene,
      async () => {},
    );
    checkBytes(ours.bytes, theirs.bytes, protocol);
    for (const { figure, protocol: _, ...title } of titles) {
      done.push(completeRow({ ...title, ours: ours[figure], theirs: theirs[figure] }));
    }
  }
  return done;
}

interface Observation extends WatchFigures {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Of all messages together. */
  readonly bytes: number;
}

/** @param prepareChange changes what the server reads on SIGHUP */
async function measureOne(
  server: ServerProcess,
  protocol: WatchProtocol,
  scene: Scene,
  prepareChange: (change: number) => Promise<void>,
): Promise<Observation> {
  let headers: Observation["headers"] = [];
  const watches = createWatches(protocol, server.url, scene.tokens.es256, (status, fields) => {
    if (status !== 200) {
      throw new WrongAnswerError(`${server.name} answers a watch with status ${status}`);
    }
    headers = fields;
  });
  try {
    // Reading the configuration costs the same with one watch as with thousands.
    await watches.growTo(1);
    const reloadSeconds: number[] = [];
    for (let index = 1; index <= changes; index++) {
      await prepareChange(index);
      reloadSeconds.push(await timeChange(server, watches));
    }
    await watches.growTo(warmUpCount);
    await sleep(settleMs);
    const before = readMemoryBytes(server.pid);
    await watches.growTo(warmUpCount + watchCount);
    await sleep(settleMs);
    const memory = [(readMemoryBytes(server.pid) - before) / watchCount / 1000];
    const change: number[] = [];
    for (let index = 1; index <= changes; index++) {
      await prepareChange(changes + index);
      const seconds = (await timeChange(server, watches)) - median(reloadSeconds);
      change.push((seconds * 1e6) / (warmUpCount + watchCount));
    }
    return { memory, change, headers, bytes: watches.countBytes() };
  } finally {
    watches.close();
    await server.stop();
  }
}

/**
 * @returns the CPU seconds that it took until every watch had another list, without those of threads
 *   that began meanwhile: the service reads its configuration in one, which takes as long as thousands
 *   of messages, and varies by half
 */
async function timeChange(server: ServerProcess, watches: Watches): Promise<number> {
  const before = readThreadSeconds(server.pid);
  process.kill(server.pid, "SIGHUP");
  await watches.receiveAnother();
  await sleep(restMs);
  const after = readThreadSeconds(server.pid);
  return [...before].reduce(
    (sum, [thread, seconds]) => sum + (after.get(thread) ?? seconds) - seconds,
    0,
  );
}

/** Up to the name that a change brings, the messages must be the same length. */
function checkBytes(ours: number, theirs: number, protocol: string): void {
  if (Math.abs(ours - theirs) > 0.02 * theirs) {
    throw new WrongAnswerError(`watches over ${protocol} got ${ours} bytes, not ${theirs}`);
  }
}

function describeMemory(protocol: WatchProtocol, what: string, comparedWith: string): WatchRow {
  return {
    name: `memory, ${what}`,
    comparedWith: `${comparedWith}, same stream`,
    unit: "KB",
    target: { of: "ratio", relation: "<=", value: 1.5 },
    protocol,
    figure: "memory",
  };
}

/** The figure is CPU time already. */
function describeChange(protocol: WatchProtocol, name: string, comparedWith: string): WatchRow {
  return {
    name: `a change for 5,000 ${name} watches`,
    comparedWith: `${comparedWith}, same bytes`,
    unit: "µs/call",
    target: { of: "ratio", relation: "<=", value: 2 },
    protocol,
    figure: "change",
  };
}
