import { availableParallelism } from "node:os";
import { usageError } from "../errors.js";
import { serve } from "../process/serve.js";
import { createDevRun } from "./dev-run.js";

export interface ServeOptions {
  readonly config?: string;
  readonly dev?: boolean;
  /** With `dev` only: a coturn that accepts the credentials runs as a child of this process. */
  readonly withCoturn?: boolean;
  /** As {@link parseWorkerCount} reads it; 1 if absent. */
  readonly workers?: string;
}

/** More processes than any machine has processors for are a slip of the finger. */
const maxWorkers = 256;

/**
 * `serve`: serves until SIGTERM or SIGINT, then stops gracefully.
 * @returns the exit code: 0, or 1 when a process could not start, or did not stop as it should
 * @throws ConfigError when the command line or the configuration cannot be used
 */
export async function runServe(options: ServeOptions): Promise<number> {
  const { config: file, dev = false, withCoturn = false, workers } = options;
  const workerCount = workers === undefined ? 1 : parseWorkerCount(workers);
  if (withCoturn && !dev) {
    throw usageError(
      "--with-coturn",
      "starts a coturn for this run only, and works with --dev",
      "Add --dev, or set up coturn as docs/production.md shows",
    );
  }
  if (dev && workerCount > 1) {
    throw usageError(
      "--workers",
      "cannot be more than 1 with --dev, which makes a token and a secret for one process",
      "Leave --workers out, or configure authentication and leave --dev out",
    );
  }
  return serve({ file, workerCount, dev: dev ? createDevRun(withCoturn) : undefined });
}

/**
 * Reads the value of `--workers`.
 * @param text from 1 to 256, or `auto`: one for each processor that this process may run on
 * @throws ConfigError when it is neither
 */
function parseWorkerCount(text: string): number {
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
