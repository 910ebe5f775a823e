import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { CommanderError } from "commander";
import { runBenchmark } from "./benchmark.js";
import { parseOptions } from "./command-line.js";
import { MissingPartError, WrongAnswerError } from "./failure.js";
import { ServerStartError } from "./processes/server-process.js";
import { formatRecord } from "./record.js";
import { describeMachine, formatMachine } from "./report/machine.js";
import { createProgress } from "./report/progress.js";
import { formatRows } from "./report/row-table.js";

// Else the servers would outlive an interrupted run: they are killed as this process exits.
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));

const progress = createProgress(process.stderr);
try {
  process.exitCode = await run();
} catch (error) {
  progress.end();
  process.exitCode = explainFailure(error);
}

/** @returns the exit code: 0, or 1 when a target is missed and that was asked about */
async function run(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  // Minutes later would be too late to find out.
  if (options.json !== undefined && !existsSync(dirname(options.json))) {
    throw new MissingPartError(`the directory of ${options.json} is missing`);
  }
  const machine = await describeMachine(options.node);
  const startedAt = new Date();
  const result = await runBenchmark(options, machine, progress);
  progress.end();
  const colours = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
  const { rounds, starts, seconds, callsInFlight } = options;
  process.stdout.write(
    [
      formatMachine(machine),
      `${rounds} × ${seconds} s each, servers started ${starts} times, ${callsInFlight} calls in flight; medians over the rounds`,
      "ratio: ours to theirs in the same round; by CPU: from the CPU time of the servers;",
      "half load: half of what each server can do",
      "",
      formatRows(result.rows, colours),
      "",
    ].join("\n"),
  );
  if (options.json !== undefined) {
    await writeFile(options.json, formatRecord({ startedAt, machine, options, result }));
  }
  const missed = result.rows.filter(({ verdict }) => verdict === "missed").length;
  if (missed > 0) {
    process.stdout.write(`\n${missed} ${missed === 1 ? "target is" : "targets are"} missed.\n`);
  }
  return options.check && missed > 0 ? 1 : 0;
}

function explainFailure(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : 2;
  }
  if (error instanceof MissingPartError) {
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (error instanceof WrongAnswerError || error instanceof ServerStartError) {
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  throw error;
}
