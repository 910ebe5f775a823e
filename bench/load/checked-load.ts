import { readFileSync } from "node:fs";
import { WrongAnswerError } from "../failure.js";
import { readCpuSeconds } from "../processes/process-usage.js";
import type { ServerProcess } from "../processes/server-process.js";
import { runH2load } from "./h2load.js";
import { runHttp2Frames, splitTokens } from "./http2-frames.js";
import type { Load, LoadResult } from "./load.js";
import { runWrk } from "./wrk.js";

/** What one load of a few seconds says about a server. */
export interface LoadFigure {
  readonly calls: number;
  readonly callsPerSecond: number;
  /** CPU time of the server in microseconds, all its threads and workers together. */
  readonly cpuMicrosPerCall: number;
  readonly outOfTokens: boolean;
}

/**
 * Loads a server and believes the result only if every call was answered well and in full.
 *
 * @param answerBytes of one answer: with HTTP/1.1 all of it, with HTTP/2 its body
 * @param varyingBytes by which one answer may be longer or shorter than that
 * @throws WrongAnswerError on any error, and when the answers were not as long as the one checked
 */
export async function runCheckedLoad(
  server: ServerProcess,
  load: Load,
  answerBytes: number,
  varyingBytes = 0,
): Promise<LoadFigure> {
  const cpuBefore = readCpuSeconds(server.pid);
  const result = await generate(load);
  const cpuSeconds = readCpuSeconds(server.pid) - cpuBefore;
  server.clearLog();
  const { calls, seconds, bytes, errors, outOfTokens } = result;
  const what = `${server.name} under ${load.call.title}`;
  if (errors > 0 || calls === 0) {
    throw new WrongAnswerError(`${what}: ${errors} errors in ${calls} calls`);
  }
  // Bytes of the last calls may have come without their answers being complete.
  const extra = bytes - calls * answerBytes;
  const tolerance = calls * varyingBytes;
  if (extra < -tolerance || extra > 2 * load.callsInFlight * answerBytes + tolerance) {
    throw new WrongAnswerError(
      `${what}: ${bytes} bytes for ${calls} calls, not ${answerBytes} bytes each`,
    );
  }
  return {
    calls,
    callsPerSecond: calls / seconds,
    cpuMicrosPerCall: (cpuSeconds / calls) * 1e6,
    outOfTokens,
  };
}

function generate(load: Load): Promise<LoadResult> {
  const { call, tokens } = load;
  if (call.http === 1) {
    return runWrk(load);
  }
  return tokens.kind === "same"
    ? runH2load(load)
    : runHttp2Frames(load, splitTokens(readFileSync(tokens.file, "utf8")));
}
