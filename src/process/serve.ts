import { findCallerWarnings } from "../authentication/caller-warnings.js";
import { systemClock } from "../clock.js";
import { createProcessParts, type ProcessParts } from "../compose/process-parts.js";
import { ConfigError } from "../errors.js";
import { DiskFiles } from "../files/disk-files.js";
import type { FileContents } from "../files/file-contents.js";
import type { Files } from "../files/files.js";
import { HandedFiles } from "../files/handed-files.js";
import { openLog } from "../observability/logger.js";
import { OpenFiles } from "../server/open-files.js";
import { type Config, findRestartKeys, type LoadedConfig, loadConfig } from "../service-config.js";
import { readConfigInThread } from "./config-reading.js";
import { reloadOnChange } from "./config-reload.js";
import { serveLocally } from "./local-service.js";
import { prepareForLongLife } from "./long-life.js";
import { OpenedParts, startUnlessStopped } from "./opened-parts.js";
import { ignoreOutputErrors } from "./output-errors.js";
import type { ServeOrder, Serving, ServingStart } from "./serving.js";
import { type StopSignals, watchStopSignals, watchWorkerStopSignal } from "./stop-signal.js";
import { openSupervision, type Supervision } from "./supervision.js";

/**
 * Serves until SIGTERM or SIGINT, then stops gracefully. Every process that serves begins here.
 * @returns the exit code: 1 when a process could not start, was killed, or failed as it stopped
 * @throws ConfigError when the configuration cannot be used
 */
export async function serve(order: ServeOrder): Promise<number> {
  ignoreOutputErrors();
  prepareForLongLife();
  if (order.workerCount > 1) {
    // Loaded only here: one process alone has no use for node:cluster.
    const { default: cluster } = await import("node:cluster");
    if (cluster.worker !== undefined) {
      const stopSignal = watchWorkerStopSignal();
      const { runWorker } = await import("./worker.js");
      return runWorker(cluster.worker, order.file, stopSignal);
    }
  }
  // For a newcomer, SIGHUP means that the terminal was closed.
  return serveUntilStopped(order, watchStopSignals({ others: order.dev ? ["SIGHUP"] : [] }));
}

/** The part of the process that the operator has started. */
async function serveUntilStopped(order: ServeOrder, stopSignals: StopSignals): Promise<number> {
  const { workerCount, dev } = order;
  const configured = await readConfiguration(order);
  const { log } = configured.parts;
  void stopSignals.first.then((signal) => log.info({ signal }, "stopping"));
  const opened = new OpenedParts();
  try {
    const start = startSupervised(order, configured, opened, stopSignals);
    const started = await startUnlessStopped(start, stopSignals.first);
    const url = await Promise.race([
      started?.serving.ready,
      stopSignals.first.then(() => undefined),
    ]);
    if (started !== undefined && url !== undefined) {
      const { adminUrl } = started.supervision;
      started.supervision.setReady();
      log.info({ adminUrl, url, ...(workerCount > 1 && { workers: workerCount }) }, "ready");
      dev?.announce(configured.config, url);
    }
    await stopSignals.first;
  } catch (error) {
    await opened.close().catch(() => {});
    if (error instanceof ConfigError) {
      throw error;
    }
    log.fatal({ err: error }, "the service could not start");
    return 1;
  }
  const endedWell = await opened.close();
  log.info("stopped");
  return endedWell ? 0 : 1;
}

/** What the service is started with, and how it is read again. */
interface Configured {
  readonly config: Config;
  readonly files: DiskFiles;
  readonly parts: ProcessParts;
  readonly load: (files: Files) => LoadedConfig;
}

/**
 * Reads the configuration, opens the log, and logs the warnings.
 * @throws ConfigError when the configuration cannot be used
 */
async function readConfiguration({ file, workerCount, dev }: ServeOrder): Promise<Configured> {
  const openFiles = new OpenFiles();
  const load = (from: Files) => {
    const loaded = loadConfig({ env: process.env, file, files: from, ...(dev && { dev }) });
    const openFileWarnings = openFiles.findWarnings(loaded.config.listen.maxConnections);
    return { ...loaded, warnings: [...loaded.warnings, ...openFileWarnings] };
  };
  const files = new DiskFiles();
  const { config, warnings } = load(files);
  const logs = await openLog(
    dev && process.stderr.isTTY ? { ...config.log, format: "pretty" } : config.log,
    { shared: workerCount > 1 },
  );
  for (const warning of [...findNodeWarnings(process.versions.node), ...warnings]) {
    logs.log.warn(warning);
  }
  return { config, files, load, parts: createProcessParts(logs, openFiles) };
}

/**
 * What the operator should know about the version of Node that runs the service.
 * @param version such as `20.19.0`
 */
export function findNodeWarnings(version: string): string[] {
  const [major] = version.split(".");
  return major === "20"
    ? [
        "Node.js 20 is past its end of life: a client can corrupt its memory over HTTP/2 and end the process. Use Node.js 22 or later",
      ]
    : [];
}

/**
 * Starts what answers calls, and what this process does beside.
 * @param opened is given each part as soon as it is open
 * @throws ConfigError when the configuration or an address cannot be used
 */
async function startSupervised(
  order: ServeOrder,
  { config, files, parts, load }: Configured,
  opened: OpenedParts,
  stopSignals: StopSignals,
): Promise<{ readonly serving: Serving; readonly supervision: Supervision }> {
  const { file, dev } = order;
  const { stopping } = stopSignals;
  const { log } = parts;
  const coturn = await dev?.startCoturn(config, stopping);
  opened.add(() => coturn?.stop());
  void coturn?.died.then((output) =>
    log.error({ output }, "coturn has ended: calls are no longer relayed"),
  );
  const supervision = await openSupervision(config, files, parts);
  opened.add(() => supervision.close());
  stopping.throwIfAborted();
  const serving = await startServing({ order, config, files, parts, supervision });
  stopSignals.onAbort = () => serving.kill();
  opened.add(() => serving.stop());
  supervision.configure(config.ice);
  opened.add(() => supervision.drain());
  const warnOfCallers = ({ auth }: Config, contents: FileContents) => {
    const warnings = findCallerWarnings(auth, new HandedFiles(contents), systemClock);
    // The token of --dev is always accepted.
    for (const warning of dev === undefined ? warnings : []) {
      log.warn(warning);
    }
  };
  warnOfCallers(config, files);
  const endReloads = reloadOnChange({
    versions: files.versions,
    read: (signal) => readConfigInThread({ file, devSecret: dev?.secret }, signal),
    load,
    apply(loaded, contents) {
      serving.configure(loaded.config, contents);
      supervision.configure(loaded.config.ice);
      log.level = loaded.config.log.level;
      warnOfCallers(loaded.config, contents);
      return findRestartKeys(config, loaded.config);
    },
    atHangUp: dev === undefined,
    counts: supervision.reloadCounts,
    log,
  });
  opened.add(endReloads);
  return { serving, supervision };
}

async function startServing(start: ServingStart): Promise<Serving> {
  if (start.order.workerCount === 1) {
    return serveLocally(start);
  }
  const { startWorkers } = await import("./primary.js");
  return startWorkers(start);
}
