import { fstatSync } from "node:fs";
import pino, { type Logger } from "pino";
import packageJson from "../../package.json" with { type: "json" };
import { systemClock } from "../clock.js";
import type { LogConfig } from "./log-config.js";
import { LogDestination } from "./log-destination.js";
import { describeCounter, type Metric } from "./metric.js";
import { findNonBlockingMode } from "./non-blocking-output.js";
import { escapeControls } from "./printable-text.js";
import { createDirectRequestLog, createRequestLog, type RequestLog } from "./request-log.js";

export type { Logger };

export interface LogOptions {
  /** Whether other processes write to the same standard error. */
  readonly shared?: boolean;
  /** Appears in every line, to show which of them wrote it. */
  readonly pid?: number;
}

/** The log, and its way for the one line that each request makes. */
export interface Logs {
  readonly log: Logger;
  readonly requestLog: RequestLog;
  /** What has become of its lines. */
  readonly describeLog: () => Metric[];
}

/** For those who collect the logs of many services. People know whose line it is. */
const serviceBindings = { service: packageJson.name, version: packageJson.version };

const standardError = 2;
/** What Linux writes to a pipe as one piece, also if others write to it, in bytes (PIPE_BUF). */
const maxAtomicWriteBytes = 4096;
const maxWriteBytes = 64 * 1024;
/** What may wait in memory when nobody reads standard error: some 5,000 requests. */
const maxWaitingBytes = 2 * 1024 * 1024;

/**
 * Opens the log: one JSON object a line on standard error (`pretty`: for people). Lines are written
 * without blocking the event loop; what is still in memory when the process ends is written then,
 * if somebody reads it.
 */
export async function openLog(
  { level, format }: LogConfig,
  { shared = false, pid }: LogOptions = {},
): Promise<Logs> {
  const timestamp = createTimestamp();
  const bindings = {
    ...(format === "json" && serviceBindings),
    ...(pid !== undefined && { pid }),
  };
  const options: pino.LoggerOptions = {
    level,
    base: bindings,
    timestamp,
    formatters: { level: (label) => ({ level: label }) },
  };
  const colorize = process.stderr.isTTY && process.env["NO_COLOR"] === undefined;
  const print = format === "pretty" ? await openPrettyLines(colorize) : undefined;
  const destination = new LogDestination({
    fd: standardError,
    setNonBlocking: findNonBlockingMode(process.stderr),
    maxWriteBytes: shared && !isFile(standardError) ? maxAtomicWriteBytes : maxWriteBytes,
    maxWaitingBytes,
    describeGap: createGapLine(options, print),
  });
  const describeLog = () => [describeLogLoss(destination.lostLines)];
  if (print !== undefined) {
    const log = pino(options, { write: (line) => destination.write(print(line)) });
    return { log, requestLog: createRequestLog(log), describeLog };
  }
  const log = pino(options, destination);
  const write = (line: string) => destination.write(line);
  const requestLog = createDirectRequestLog(log, { write, timestamp, bindings });
  return { log, requestLog, describeLog };
}

/**
 * Loads what turns pino's JSON lines into lines for people.
 * @param colorize whether the reader is a terminal that shows colors
 */
async function openPrettyLines(colorize: boolean): Promise<(line: string) => string> {
  const { default: pretty } = await import("pino-pretty");
  const print = pretty.prettyFactory({
    colorize,
    translateTime: "SYS:HH:MM:ss",
    // pino-pretty expects a text here: the place in the source that pino-caller adds.
    customPrettifiers: { caller: (caller) => JSON.stringify(caller) },
  });
  // pino-pretty prints messages and stacks as they are, without the controls. Escaped, they show.
  const escapeText = (value: unknown) =>
    typeof value === "string" ? escapeControls(value) : value;
  return (line) => print(JSON.parse(line, (_, value) => escapeText(value)));
}

function describeLogLoss(lostLines: number): Metric {
  return describeCounter(
    "ice_log_lines_lost_total",
    "Log lines that could not be written: disk full, I/O error, reader gone, or more lines than it takes.",
    [{ labels: {}, value: lostLines }],
  );
}

/** Linux writes to a file as one piece, however much it is. */
function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

/** @returns what makes the line that reports a gap in the log, whatever the log's level */
function createGapLine(
  options: pino.LoggerOptions,
  print: (line: string) => string = (line) => line,
): (lostLines: number, cause: string) => string {
  let text = "";
  const write = (line: string) => {
    text = print(line);
  };
  const log = pino({ ...options, level: "warn" }, { write });
  return (lostLines, cause) => {
    log.warn({ lostLines, cause }, "log lines could not be written and are lost");
    return text;
  };
}

/** Like pino's isoTime, but formats the date once a second: formatting takes as long as the rest of a line. */
function createTimestamp(): () => string {
  let lastSecond = Number.NaN;
  let start = "";
  return () => {
    const nowMs = systemClock();
    const second = Math.floor(nowMs / 1000);
    if (second !== lastSecond) {
      lastSecond = second;
      start = `,"time":"${new Date(second * 1000).toISOString().slice(0, -"000Z".length)}`;
    }
    return `${start}${String(nowMs - second * 1000).padStart(3, "0")}Z"`;
  };
}
