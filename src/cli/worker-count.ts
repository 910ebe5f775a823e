import { availableParallelism } from "node:os";
import { usageError } from "../errors.js";

/** More processes than any machine has processors for are a slip of the finger. */
const maxWorkers = 256;

/**
 * Reads the value of `--workers`.
 * @param text from 1 to 256, or `auto`: one for each processor that this process may run on
 * @throws ConfigError when it is neither
 */
export function parseWorkerCount(text: string): number {
  if (text === "auto") {
    return Math.min(availableParallelism(), maxWorkers);
  }
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > maxWorkers) {
    throw usageError(
      "--workers",
      `${JSON.stringify(text)} is not a number of processes`,
      `Write --workers 4, from 1 to ${maxWorkers}, or --workers auto for one per processor`,
    );
  }
  return count;
}
