import { systemClock } from "../clock.js";
import { checkAddress, checkFiles } from "../config-check.js";
import { ConfigError } from "../errors.js";
import { DiskFiles } from "../files/disk-files.js";
import type { Files } from "../files/files.js";
import { openHealthMonitor } from "../health/open-health-monitor.js";
import { Guard } from "../http/guard.js";
import { openLog } from "../observability/logger.js";
import { ReloadCounts } from "../observability/reload-counts.js";
import { describeBuild } from "../observability/service-metrics.js";
import { Readiness } from "../readiness.js";
import { openAdmin } from "../server/admin-listener.js";
import { ConnectionRefusals } from "../server/connection-refusals.js";
import { OpenFiles } from "../server/open-files.js";
import { findRestartKeys, loadConfig } from "../service-config.js";
import { guardAcceptedConnections } from "./accept-guard.js";
import { readConfigInThread } from "./config-reading.js";
import { reloadOnChange } from "./config-reload.js";
import { ConnectionDealer } from "./connection-dealer.js";
import { findNodeWarnings } from "./node-advice.js";
import { warnOfOpenFiles } from "./open-file-warning.js";
import { startUnlessStopped } from "./opened-parts.js";
import { PoolMetrics } from "./pool-metrics.js";
import type { StopSignals } from "./stop-signal.js";
import { WorkerPool } from "./worker-pool.js";

/** What a worker gets to end by itself beyond the time that the configuration gives it. */
const stopMarginMs = 5_000;

/**
 * Serves with several processes on one port until SIGTERM or SIGINT. The primary process checks the
 * configuration, hands connections and the files that it has read to its workers, and replaces those
 * that die. Each worker runs this same command line.
 *
 * @returns the exit code: 1 when a worker could not start, had to be killed, or failed as it stopped
 * @throws ConfigError when the configuration cannot be used
 */
export async function serveWithWorkers(
  count: number,
  file: string | undefined,
  stopSignals: StopSignals,
): Promise<number> {
  const openFiles = new OpenFiles();
  const load = (from: Files) =>
    warnOfOpenFiles(loadConfig({ env: process.env, file, files: from }), openFiles);
  const files = new DiskFiles();
  const { config, warnings } = load(files);
  checkFiles(config, files, systemClock);
  const { log, describeLog } = await openLog(config.log, { shared: true });
  for (const warning of [...findNodeWarnings(process.versions.node), ...warnings]) {
    log.warn(warning);
  }
  const readiness = new Readiness();
  const reloadCounts = new ReloadCounts(systemClock);
  const poolMetrics = new PoolMetrics();
  const guard = new Guard(log);
  const refusals = new ConnectionRefusals(log, guard);
  const monitor = openHealthMonitor(systemClock, log, (urls) => pool.setDownUrls(urls));
  const openAddresses = async () => {
    // Of port 0 each set of workers would make another port: one is chosen for all. Any other port is
    // the workers' to try: whoever connected to it meanwhile would be reset.
    const env =
      config.listen.port === 0
        ? { ICE_PORT: new URL(await checkAddress(config, files)).port }
        : undefined;
    const admin = await openAdmin(config.admin, {
      files,
      log,
      guard,
      gate: { listener: "admin", openFiles, refusals },
      readiness,
      async readMetrics() {
        const { readNodeMetrics } = await import("../observability/prometheus.js");
        const [node, pool] = await Promise.all([readNodeMetrics(), poolMetrics.read()]);
        const counts = [reloadCounts, monitor, guard, refusals];
        const own = [...describeLog(), ...counts.flatMap((each) => each.describe())];
        return [[...describeBuild(), ...own, ...node], ...pool];
      },
      readHealth: () => monitor.report,
    });
    return { env, admin };
  };
  const addresses = await startUnlessStopped(openAddresses(), stopSignals.first);
  if (addresses === undefined) {
    log.info({ signal: await stopSignals.first }, "stopping");
    log.info("stopped");
    return 0;
  }
  const { env, admin } = addresses;
  guardAcceptedConnections(openFiles, refusals, guard);
  const pool = new WorkerPool({
    count,
    contents: { images: files.images, values: files.values },
    args: ["serve", "--workers", String(count), ...(file === undefined ? [] : ["--config", file])],
    env: env ?? {},
    stopTimeoutMs:
      (config.shutdown.delaySeconds + config.shutdown.timeoutSeconds) * 1000 + stopMarginMs,
    dealer: new ConnectionDealer(refusals, guard),
    onStart: (worker) => poolMetrics.follow(worker),
    onReload: (succeeded) => reloadCounts.add(succeeded ? "success" : "retry"),
    log,
  });
  stopSignals.onAbort = () => pool.kill();
  monitor.configure(config.ice);
  try {
    const url = await Promise.race([pool.start(), stopSignals.first.then(() => undefined)]);
    if (url !== undefined) {
      readiness.set("serving");
      log.info({ adminUrl: admin?.url, url, workers: count }, "ready");
    }
  } catch (error) {
    monitor.stop();
    await Promise.all([pool.stop(), admin?.close({ timeoutMs: 500 })]);
    if (error instanceof ConfigError) {
      throw error;
    }
    log.fatal({ err: error }, "a worker could not start");
    return 1;
  }
  const endReloads = reloadOnChange({
    versions: files.versions,
    read: (signal) => readConfigInThread({ file }, signal),
    load,
    apply(loaded, contents) {
      pool.configure(contents);
      monitor.configure(loaded.config.ice);
      log.level = loaded.config.log.level;
      return findRestartKeys(config, loaded.config);
    },
    atHangUp: true,
    counts: reloadCounts,
    log,
  });
  const signal = await stopSignals.first;
  log.info({ signal }, "stopping");
  endReloads();
  monitor.stop();
  readiness.set("draining");
  admin?.drain();
  const clean = await pool.stop();
  await admin?.close({ timeoutMs: 500 });
  refusals.flush();
  log.info("stopped");
  return clean ? 0 : 1;
}
