import { findErrorCode } from "../errors.js";

/** For a command whose output is what it is for: ends the process when that cannot be written. */
export function exitWhenOutputFails(): void {
  process.stdout.on("error", exitWithReason);
  // Nobody can be told.
  process.stderr.on("error", () => {});
}

/** For a service: goes on whether or not somebody reads its output. */
export function ignoreOutputErrors(): void {
  process.stdout.off("error", exitWithReason);
  process.stdout.on("error", () => {});
}

function exitWithReason(error: Error): void {
  const code = findErrorCode(error);
  // The reader of the output, such as `head`, may have read enough.
  if (code === "EPIPE") {
    process.exit();
  }
  process.stderr.write(`ice-service: cannot write to standard output (${code ?? error.message})\n`);
  process.exit(1);
}
