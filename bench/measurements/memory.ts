import { setTimeout as sleep } from "node:timers/promises";
import type { BaselineSettings } from "../baselines/settings.js";
import { countHttp1Bytes } from "../calls/answer.js";
import { calls } from "../calls/call.js";
import { WrongAnswerError } from "../failure.js";
import { runCheckedLoad } from "../load/checked-load.js";
import { createIdleConnections, maxConnections } from "../load/idle-connections.js";
import type { ModelAnswers } from "../processes/baseline.js";
import type { ComparedName } from "../processes/fleet.js";
import { startComparedServer } from "../processes/peer.js";
import { readMemoryBytes } from "../processes/process-usage.js";
import type { Scene } from "../processes/scene.js";
import type { ServerProcess } from "../processes/server-process.js";
import { startService } from "../processes/service.js";
import type { Progress } from "../report/progress.js";
import { completeRow, missingRow, type Row, type RowTitle } from "../report/row.js";

const settleMs = 2000;
const secondsOfLoad = 10;
const callsInFlight = 64;

export interface MemoryRow extends RowTitle {
  /** The load on the process, so far or planned. */
  readonly after: { readonly connections: number } | { readonly calls: number };
  readonly compared: ComparedName;
  /** Takes minutes. */
  readonly slow?: boolean;
}

export const memoryRows: readonly MemoryRow[] = [
  {
    ...describeState("idle"),
    after: { connections: 0 },
    target: { of: "ours", relation: "<", value: 80 },
  },
  { ...describeState("1,000 idle connections"), after: { connections: 1000 } },
  { ...describeState("10,000 idle connections"), after: { connections: 10_000 } },
  { ...describeState("after 1,000,000 calls"), after: { calls: 1_000_000 }, slow: true },
];

/** The same, compared with what a Go team would write instead. */
export const peerMemoryRows: readonly MemoryRow[] = memoryRows.map(({ target: _, ...row }) => ({
  ...row,
  comparedWith: "Go: net/http, golang-jwt",
  compared: "go-http-issuer",
}));

export interface MemoryOptions {
  readonly node: string;
  readonly settings: BaselineSettings;
  readonly models: ModelAnswers;
  readonly progress: Progress;
}

/** Resident memory in MB (10^6 bytes), each time of a process of its own. */
export async function measureMemory(
  rows: readonly MemoryRow[],
  scene: Scene,
  { node, settings, models, progress }: MemoryOptions,
): Promise<Row[]> {
  const directory = scene.directory.path;
  const answerBytes = countHttp1Bytes(models.rest);
  const done: Row[] = [];
  for (const [index, { after, compared, slow, ...row }] of rows.entries()) {
    progress.step(row.name);
    if ("connections" in after && after.connections > maxConnections()) {
      done.push(missingRow(row, `more than ${maxConnections()} open files (ulimit -n)`));
      continue;
    }
    const bear = (server: ServerProcess) =>
      "connections" in after
        ? bearConnections(server, after.connections, scene.tokens.es256, answerBytes)
        : bearCalls(server, after.calls, scene, answerBytes);
    const ours = await measureOne(
      await startService(scene, { name: `memory-${index}-service`, node }),
      bear,
    );
    const name = `memory-${index}-compared`;
    const theirs = await measureOne(
      await startComparedServer(compared, settings, { node, directory, name }),
      bear,
    );
    done.push(completeRow({ ...row, ours: [ours], theirs: [theirs] }));
  }
  return done;
}

/** @param bear puts the load on the server, and returns what ends it */
async function measureOne(
  server: ServerProcess,
  bear: (server: ServerProcess) => Promise<() => void>,
): Promise<number> {
  try {
    const release = await bear(server);
    await sleep(settleMs);
    const megabytes = readMemoryBytes(server.pid) / 1e6;
    release();
    return megabytes;
  } finally {
    await server.stop();
  }
}

async function bearConnections(
  { url, name }: ServerProcess,
  count: number,
  token: string,
  answerBytes: number,
): Promise<() => void> {
  const { port, host } = new URL(url);
  const request = `GET ${calls.rest.path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const connections = createIdleConnections(Number(port), request, answerBytes);
  await connections.growTo(count);
  if (connections.count !== count) {
    throw new WrongAnswerError(`${name} closed ${count - connections.count} idle connections`);
  }
  return () => connections.close();
}

async function bearCalls(
  server: ServerProcess,
  count: number,
  { tokens, directory }: Scene,
  answerBytes: number,
): Promise<() => void> {
  for (let done = 0; done < count; ) {
    const { calls: more } = await runCheckedLoad(
      server,
      {
        call: calls.rest,
        url: server.url,
        seconds: secondsOfLoad,
        callsInFlight,
        tokens: { kind: "same", token: tokens.es256 },
        directory: directory.path,
      },
      answerBytes,
    );
    done += more;
  }
  return () => {};
}

function describeState(state: string): Omit<MemoryRow, "after"> {
  return {
    name: `memory, ${state}`,
    comparedWith: "bare node:http, fresh credential",
    compared: "bare-http-fresh",
    unit: "MB",
  };
}
