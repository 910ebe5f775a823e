import { setTimeout as sleep } from "node:timers/promises";
import { printTime, systemClock } from "../clock.js";
import { usageError } from "../errors.js";
import { DiskFiles } from "../files/disk-files.js";
import { findUrlWarnings } from "../ice/url-warnings.js";
import { canProbe } from "../probe/server-address.js";
import { watchStopSignals } from "../process/stop-signal.js";
import { loadConfig } from "../service-config.js";
import { askProviders, type FailedProvider } from "./asked-providers.js";
import { type CheckOptions, readIntervalMs, readProbeOptions } from "./check-options.js";
import {
  describeResult,
  isFine,
  printChanges,
  printCheckTable,
  printFailedProviders,
} from "./check-report.js";
import { type CheckResult, type ReportProgress, runCheck } from "./check-run.js";

/**
 * `check`: probes every STUN and TURN URL of the configuration, once or again and again.
 * @returns the exit code: 0 when all is well, 1 when a probe failed
 * @throws ConfigError when the command line or the configuration cannot be used
 */
export async function checkServers(options: CheckOptions): Promise<number> {
  const files = new DiskFiles();
  const { relay, lifetime } = options;
  if (lifetime && options.watch) {
    throw usageError("--lifetime", "does not go with --watch", "Measure it once");
  }
  const probeOptions = { ...readProbeOptions(options, files), relay, lifetime };
  const intervalMs = readIntervalMs(options);
  const { config, warnings } = loadConfig({
    env: process.env,
    file: options.config,
    files,
    needsCallers: false,
  });
  const urlsOfFleets = config.ice.servers.regions.map(({ stunUrls, turn }) => [
    ...stunUrls,
    ...(turn?.urls ?? []),
  ]);
  const { servers } = config.ice;
  if (!urlsOfFleets.flat().some(canProbe) && servers.managed === undefined) {
    throw usageError("ice", "names no URL to probe", "Set ice.stunUrls or ice.turn.urls");
  }
  const allWarnings = [...new Set([...warnings, ...urlsOfFleets.flatMap(findUrlWarnings)])];
  const managed = await askProviders(servers.managed);
  const check = async (signal?: AbortSignal): Promise<CheckRound> => ({
    results: await runCheck(
      servers,
      managed.providers,
      { ...probeOptions, signal },
      reportProgress,
    ),
    failedProviders: managed.listFailed(),
  });
  const print = (round: CheckRound, changes?: readonly string[]) =>
    options.json
      ? printJson(round, allWarnings, changes)
      : printForPeople(round, allWarnings, changes);
  if (!options.watch) {
    const round = await check();
    print(round);
    return toExitCode(round);
  }

  let last: CheckRound | undefined;
  await repeatRounds(watchStopSignals().stopping, intervalMs, async (signal) => {
    const round = await check(signal);
    print(round, last === undefined ? [] : printChanges(last.results, round.results));
    last = round;
  });
  return last === undefined ? 1 : toExitCode(last);
}

/**
 * Runs one round after the other until the process stops. Each gets a signal of its own: on Node 20, a
 * signal that lives as long as the process would remember every probe there ever was.
 *
 * @throws what a round throws that was not stopped
 */
export async function repeatRounds(
  stopping: AbortSignal,
  intervalMs: number,
  runRound: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!stopping.aborted) {
    const controller = new AbortController();
    const stop = () => controller.abort(stopping.reason);
    stopping.addEventListener("abort", stop, { once: true });
    try {
      await runRound(controller.signal);
      await sleep(intervalMs, undefined, { signal: stopping });
    } catch (error) {
      if (!stopping.aborted) {
        throw error;
      }
    } finally {
      stopping.removeEventListener("abort", stop);
    }
  }
}

/** What one round has found. */
interface CheckRound {
  readonly results: readonly CheckResult[];
  /** Their servers are not known, and have no results. */
  readonly failedProviders: readonly FailedProvider[];
}

function toExitCode({ results, failedProviders }: CheckRound): number {
  return results.every(isFine) && failedProviders.length === 0 ? 0 : 1;
}

/** @param changes since the round before; given when watching, and then each round is one line */
function printJson(
  round: CheckRound,
  warnings: readonly string[],
  changes: readonly string[] | undefined,
): void {
  const report = {
    time: printTime(systemClock() / 1000),
    ok: toExitCode(round) === 0,
    ...(changes !== undefined && { changes }),
    warnings,
    results: round.results.map((result) => describeResult(result, round.results)),
    ...(round.failedProviders.length > 0 && { failedProviders: round.failedProviders }),
  };
  const indent = changes === undefined ? 2 : undefined;
  process.stdout.write(`${JSON.stringify(report, undefined, indent)}\n`);
}

/** @param changes as with {@link printJson} */
function printForPeople(
  { results, failedProviders }: CheckRound,
  warnings: readonly string[],
  changes: readonly string[] | undefined,
): void {
  const { isTTY } = process.stdout;
  const table = printCheckTable(results, isTTY && !process.env["NO_COLOR"]);
  const changed = (changes ?? []).map((change) => `  ${change}\n`).join("");
  process.stdout.write(
    [
      changes !== undefined && isTTY ? "\x1b[H\x1b[2J" : "",
      changes === undefined ? "" : `${printTime(systemClock() / 1000)}\n`,
      table,
      printFailedProviders(failedProviders),
      changed === "" ? "" : `\nChanged:\n${changed}`,
    ].join(""),
  );
  process.stderr.write(warnings.map((warning) => `warning: ${warning}\n`).join(""));
}

/** On a terminal: a line that is overwritten, and gone at the end. */
const reportProgress: ReportProgress = (done, total) => {
  if (process.stderr.isTTY) {
    process.stderr.write(done < total ? `\r${done} of ${total} probed` : "\r\x1b[K");
  }
};
