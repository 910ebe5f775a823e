import { createSecretKey } from "node:crypto";
import {
  createConnectorToken,
  hashConnectorToken,
} from "../authentication/connector/connector-token.js";
import { systemClock } from "../clock.js";
import { startService } from "../compose.js";
import { usageError } from "../errors.js";
import { DiskFiles } from "../files/disk-files.js";
import type { Files } from "../files/files.js";
import { HandedFiles } from "../files/handed-files.js";
import { openLog } from "../observability/logger.js";
import { ReloadCounts } from "../observability/reload-counts.js";
import { openCallTracer } from "../process/call-tracing.js";
import { readConfigInThread } from "../process/config-reading.js";
import { reloadOnChange } from "../process/config-reload.js";
import { startDevCoturn } from "../process/dev-coturn.js";
import { prepareForLongLife } from "../process/long-life.js";
import { findNodeWarnings } from "../process/node-advice.js";
import { warnOfOpenFiles } from "../process/open-file-warning.js";
import { OpenedParts, startUnlessStopped } from "../process/opened-parts.js";
import { ignoreOutputErrors } from "../process/output-errors.js";
import {
  type StopSignals,
  watchStopSignals,
  watchWorkerStopSignal,
} from "../process/stop-signal.js";
import { OpenFiles } from "../server/open-files.js";
import type { Config } from "../service-config.js";
import { loadConfig } from "../service-config.js";
import { createTurnSecret } from "../turn/providers/shared-secret/turn-secret.js";
import { type DevSecrets, printDevBanner } from "./dev-banner.js";
import { parseWorkerCount } from "./worker-count.js";

export interface ServeOptions {
  readonly config?: string;
  readonly dev?: boolean;
  /** With `dev` only: a coturn that accepts the credentials runs as a child of this process. */
  readonly withCoturn?: boolean;
  /** As {@link parseWorkerCount} reads it; 1 if absent. */
  readonly workers?: string;
}

/**
 * Serves until SIGTERM or SIGINT, then stops gracefully.
 * @returns the exit code
 * @throws ConfigError when the command line or the configuration cannot be used
 */
export async function serve({
  config: file,
  dev = false,
  withCoturn = false,
  workers,
}: ServeOptions): Promise<number> {
  ignoreOutputErrors();
  prepareForLongLife();
  const workerCount = workers === undefined ? 1 : parseWorkerCount(workers);
  if (workerCount > 1) {
    // Loaded only here: one process alone has no use for node:cluster.
    const { default: cluster } = await import("node:cluster");
    if (cluster.worker !== undefined) {
      const stopSignal = watchWorkerStopSignal();
      const { runWorker } = await import("../process/worker.js");
      return runWorker(cluster.worker, file, stopSignal);
    }
  }
  // For a newcomer, SIGHUP means that the terminal was closed.
  const stopSignals = watchStopSignals({ others: dev ? ["SIGHUP"] : [] });
  if (withCoturn && !dev) {
    throw usageError(
      "--with-coturn",
      "starts a coturn for this run only, and works with --dev",
      "Add --dev, or set up coturn as docs/production.md shows",
    );
  }
  if (workerCount === 1) {
    return serveAlone(file, dev, withCoturn, stopSignals);
  }
  if (dev) {
    throw usageError(
      "--workers",
      "cannot be more than 1 with --dev, which makes a token and a secret for one process",
      "Leave --workers out, or configure authentication and leave --dev out",
    );
  }
  const { serveWithWorkers } = await import("../process/primary.js");
  return serveWithWorkers(workerCount, file, stopSignals);
}

async function serveAlone(
  file: string | undefined,
  dev: boolean,
  withCoturn: boolean,
  stopSignals: StopSignals,
): Promise<number> {
  const secrets: DevSecrets = {
    token: createConnectorToken(),
    turnSecret: createTurnSecret(),
  };
  const devSecret = createSecretKey(secrets.turnSecret, "utf8");
  const openFiles = new OpenFiles();
  const load = (files: Files) => {
    const options = { env: process.env, file, files, ...(dev && { dev: { secret: devSecret } }) };
    return warnOfOpenFiles(loadConfig(options), openFiles);
  };
  const files = new DiskFiles();
  const { config, warnings } = load(files);
  const logs = await openLog(
    dev && process.stderr.isTTY ? { ...config.log, format: "pretty" } : config.log,
  );
  const { log } = logs;
  for (const warning of [...findNodeWarnings(process.versions.node), ...warnings]) {
    log.warn(warning);
  }
  const ownTurnSecret = config.ice.regions[0].sharedSecret?.secrets[0].key !== devSecret;
  const stopping = new AbortController();
  void stopSignals.first.then((signal) => {
    log.info({ signal }, "stopping");
    stopping.abort();
  });
  const opened = new OpenedParts();
  const start = async () => {
    const tracer = await openCallTracer(config, log);
    if (withCoturn) {
      const port = findCoturnPort(config, ownTurnSecret);
      const coturn = await startDevCoturn(port, secrets.turnSecret, stopping.signal);
      opened.add(() => coturn.stop());
      void coturn.died.then((output) =>
        log.error({ output }, "coturn has ended: calls are no longer relayed"),
      );
    }
    stopping.signal.throwIfAborted();
    const reloadCounts = new ReloadCounts(systemClock);
    const service = await startService(config, files, {
      clock: systemClock,
      ...logs,
      tracer,
      reloadCounts,
      probesServers: true,
      ...(dev && { connectorTokens: [{ name: "dev", hash: hashConnectorToken(secrets.token) }] }),
    });
    opened.add(() => service.stop());
    opened.add(
      reloadOnChange({
        versions: files.versions,
        read: (signal) => readConfigInThread({ file, ...(dev && { devSecret }) }, signal),
        load,
        apply: (loaded, contents) => service.reload(loaded.config, new HandedFiles(contents)),
        atHangUp: !dev,
        counts: reloadCounts,
        log,
      }),
    );
    return service;
  };
  try {
    const service = await startUnlessStopped(start(), stopSignals.first);
    const isReady =
      service !== undefined &&
      (await Promise.race([service.ready.then(() => true), stopSignals.first])) === true;
    if (isReady) {
      log.info({ adminUrl: service.adminUrl, url: service.url }, "ready");
    }
    if (isReady && dev) {
      process.stdout.write(
        printDevBanner(config, service.url, secrets, { ownTurnSecret, coturnRuns: withCoturn }),
      );
    }
    await stopSignals.first;
  } catch (error) {
    await opened.close().catch(() => {});
    throw error;
  }
  await opened.close();
  log.info("stopped");
  return 0;
}

/** @throws ConfigError when no coturn of ours could serve the TURN URLs that are handed out */
function findCoturnPort({ ice }: Config, ownTurnSecret: boolean): number {
  const url = ice.regions[0].turn?.urls[0];
  if (url === undefined || ownTurnSecret || url.scheme !== "turn" || url.host !== "127.0.0.1") {
    throw usageError(
      "--with-coturn",
      "has its own secret, and TURN URLs on 127.0.0.1",
      "Leave TURN URLs and secret out of the configuration, or --with-coturn out of the command",
    );
  }
  return url.port;
}
