import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../../test/parts/child-process.js";
import { WrongAnswerError } from "../failure.js";
import type { Load, LoadResult } from "./load.js";

/** Over HTTP/2 the calls in flight are spread over so many connections. */
export const http2Connections = 8;

/** Loads a server over HTTP/2 in the clear. */
export async function runH2load(load: Load): Promise<LoadResult> {
  const { callsInFlight, seconds } = load;
  const output = await callH2load(load, [
    `--clients=${http2Connections}`,
    `--max-concurrent-streams=${callsInFlight / http2Connections}`,
    `--duration=${seconds}`,
  ]);
  return readResult(output);
}

/**
 * Sends calls over HTTP/1.1 at a constant rate, whether or not the answers keep up.
 *
 * @returns how long each took, in microseconds
 */
export async function measureLatencies(load: Load, callsPerSecond: number): Promise<number[]> {
  const { callsInFlight, seconds, directory } = load;
  const logFile = join(directory, "latencies.tsv");
  const output = await callH2load(load, [
    "--h1",
    `--clients=${callsInFlight}`,
    `--requests=${Math.round(callsPerSecond * seconds)}`,
    `--rps=${callsPerSecond / callsInFlight}`,
    // One connection after the other: all at once would send their calls in bursts ever after.
    "--rate=1",
    "--rate-period=1ms",
    `--log-file=${logFile}`,
  ]);
  const { errors } = readResult(output);
  const rows = await readTable(logFile);
  if (errors > 0 || rows.some(([, status]) => status !== 200)) {
    throw new WrongAnswerError(`h2load saw errors:\n${output}`);
  }
  // The start is still uneven.
  return rows.slice(callsInFlight).map(([, , microseconds = 0]) => microseconds);
}

async function callH2load(load: Load, options: readonly string[]): Promise<string> {
  const { call, url, tokens, directory } = load;
  if (tokens.kind !== "same") {
    throw new Error("h2load cannot change the token from call to call");
  }
  const headers = Object.entries({ ...call.headers, authorization: `Bearer ${tokens.token}` });
  const body: string[] = [];
  if (call.body !== undefined) {
    const file = join(directory, `${call.name}.body`);
    await writeFile(file, call.body);
    body.push(`--data=${file}`);
  }
  const { stdout } = await runProgram("h2load", [
    "--threads=1",
    ...options,
    ...headers.map(([name, value]) => `--header=${name}: ${value}`),
    ...body,
    `${url}${call.path}`,
  ]);
  return stdout;
}

function readResult(output: string): LoadResult {
  const read = (pattern: RegExp): number => {
    const [, figure] = pattern.exec(output) ?? [];
    if (figure === undefined) {
      throw new WrongAnswerError(`h2load did not say what ${pattern} looks for:\n${output}`);
    }
    return Number(figure);
  };
  const calls = read(/(\d+) succeeded/);
  const callsPerSecond = read(/finished in .*?, ([\d.]+) req\/s/);
  const failures = [/(\d+) failed/, /(\d+) errored/, /(\d+) timeout/];
  const otherStatus = [/(\d+) 3xx/, /(\d+) 4xx/, /(\d+) 5xx/];
  return {
    calls,
    seconds: calls / callsPerSecond,
    bytes: read(/\((\d+)\) data/),
    errors: [...failures, ...otherStatus].map(read).reduce((total, count) => total + count, 0),
    outOfTokens: false,
  };
}

/** The rows of a file of numbers between tabs. */
async function readTable(file: string): Promise<number[][]> {
  const text = await readFile(file, "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => line.split("\t").map(Number));
}
