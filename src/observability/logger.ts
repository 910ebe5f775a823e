import pino, { type Logger } from "pino";
import type { LogConfig } from "../config/config.js";

export type { Logger };

/**
 * The log: one JSON object a line on standard error (`pretty`: for people). Lines are written
 * without blocking the event loop; {@link Logger.flush} before a process ends.
 */
export async function createLogger({ level, format }: LogConfig): Promise<Logger> {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  if (format === "json") {
    return pino(options, pino.destination({ dest: 2, sync: false }));
  }
  const { default: pretty } = await import("pino-pretty");
  const colorize = process.stderr.isTTY && process.env["NO_COLOR"] === undefined;
  return pino(
    options,
    pretty({ destination: 2, sync: true, colorize, translateTime: "SYS:HH:MM:ss" }),
  );
}
