import pino, { type Logger } from "pino";
import type { LogConfig } from "../config/config.js";

export type { Logger };

export interface LoggerOptions {
  /** Whether other processes write to the same standard error. */
  readonly shared?: boolean;
  /** Stands in every line, to tell which of them wrote it. */
  readonly pid?: number;
}

/** What Linux writes to a pipe as one piece, whoever else writes to it, in bytes (PIPE_BUF). */
const maxAtomicWriteBytes = 4096;

/**
 * The log: one JSON object a line on standard error (`pretty`: for people). Lines are written
 * without blocking the event loop; {@link Logger.flush} before a process ends.
 */
export async function createLogger(
  { level, format }: LogConfig,
  { shared = false, pid }: LoggerOptions = {},
): Promise<Logger> {
  const options: pino.LoggerOptions = {
    level,
    base: pid === undefined ? null : { pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  if (format === "json") {
    // Whole lines are written together, up to 16 KiB unless told otherwise.
    const pieces = shared ? { maxWrite: maxAtomicWriteBytes } : {};
    return pino(options, pino.destination({ dest: 2, sync: false, ...pieces }));
  }
  const { default: pretty } = await import("pino-pretty");
  const colorize = process.stderr.isTTY && process.env["NO_COLOR"] === undefined;
  return pino(
    options,
    pretty({ destination: 2, sync: true, colorize, translateTime: "SYS:HH:MM:ss" }),
  );
}
