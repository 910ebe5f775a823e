import type { Fault } from "./fault.js";
import type { LogConfig } from "./log-config.js";
import type { RequestLogLevel } from "./request-log.js";

/** Decides whether a request gets a line in the log. */
export type SelectRequest = (fault: Fault, level: RequestLogLevel) => boolean;

/**
 * @param random a number from 0 to 1, as Math.random makes it
 * @returns undefined where every request gets its line
 */
export function createRequestSelection(
  { requests, sample }: Pick<LogConfig, "requests" | "sample">,
  random: () => number,
): SelectRequest | undefined {
  switch (requests) {
    case "none":
      // Nothing else has the stack of such an error.
      return (_, level) => level === "error";
    case "errors":
      return (fault) => fault !== "none";
    case "all":
      return sample === 1 ? undefined : (fault) => fault !== "none" || random() < sample;
  }
}
