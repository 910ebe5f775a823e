import pino, { type Logger } from "pino";
import { systemClock } from "../clock.js";
import type { LogConfig } from "../config/config.js";
import { BatchedDestination } from "./batched-destination.js";
import { createDirectRequestLog, createRequestLog, type RequestLog } from "./request-log.js";

export type { Logger };

export interface LogOptions {
  /** Whether other processes write to the same standard error. */
  readonly shared?: boolean;
  /** Stands in every line, to tell which of them wrote it. */
  readonly pid?: number;
}

/** The log, and its way for the one line that each request makes. */
export interface Logs {
  readonly log: Logger;
  readonly requestLog: RequestLog;
}

/** What Linux writes to a pipe as one piece, whoever else writes to it, in bytes (PIPE_BUF). */
const maxAtomicWriteBytes = 4096;
const maxWriteBytes = 64 * 1024;
/** What may wait in memory when nobody reads standard error; further lines are lost. */
const maxLength = 64 * 1024 * 1024;

/**
 * Opens the log: one JSON object a line on standard error (`pretty`: for people). Lines are written
 * without blocking the event loop; what is still in memory when the process ends is written then.
 */
export async function openLog(
  { level, format }: LogConfig,
  { shared = false, pid }: LogOptions = {},
): Promise<Logs> {
  const timestamp = createTimestamp();
  const options: pino.LoggerOptions = {
    level,
    base: pid === undefined ? null : { pid },
    timestamp,
    formatters: { level: (label) => ({ level: label }) },
  };
  if (format === "json") {
    const maxWrite = shared ? maxAtomicWriteBytes : maxWriteBytes;
    const destination = new BatchedDestination(
      pino.destination({ dest: 2, sync: false, maxWrite, maxLength }),
      maxWrite,
    );
    const log = pino(options, destination);
    const write = (line: string) => destination.write(line);
    return { log, requestLog: createDirectRequestLog(log, { write, timestamp, pid }) };
  }
  const { default: pretty } = await import("pino-pretty");
  const colorize = process.stderr.isTTY && process.env["NO_COLOR"] === undefined;
  const log = pino(
    options,
    pretty({ destination: 2, sync: true, colorize, translateTime: "SYS:HH:MM:ss" }),
  );
  return { log, requestLog: createRequestLog(log) };
}

/** As pino's isoTime, but one text for all lines of a millisecond: dates are slow to print. */
function createTimestamp(): () => string {
  let lastMs = Number.NaN;
  let text = "";
  return () => {
    const nowMs = systemClock();
    if (nowMs !== lastMs) {
      lastMs = nowMs;
      text = `,"time":"${new Date(nowMs).toISOString()}"`;
    }
    return text;
  };
}
