import { systemClock } from "../clock.js";
import { checkAddress, checkFiles } from "../compose/config-check.js";
import type { Config } from "../service-config.js";
import { guardAcceptedConnections } from "./accept-guard.js";
import { ConnectionDealer } from "./connection-dealer.js";
import { PoolMetrics } from "./pool-metrics.js";
import type { Serving, ServingStart } from "./serving.js";
import { WorkerPool } from "./worker-pool.js";

/** How long after the configured time a worker that has not stopped is killed. */
const stopMarginMs = 5_000;

/**
 * Serves with several processes on one port. This one, the primary, checks the configuration, hands
 * connections and the files that it has read to its workers, and replaces those that die. Each worker
 * runs this same command line.
 *
 * @throws ConfigError when the configuration cannot be used
 */
export async function startWorkers({
  order: { file, workerCount: count },
  config,
  files,
  parts: { log, guard, openFiles, refusals, metrics },
  supervision: { findings, reloadCounts },
}: ServingStart): Promise<Serving> {
  checkFiles(config, files, systemClock);
  // Of port 0 each set of workers would make another port: one is chosen for all. Any other port is
  // the workers' to try: clients that connect to it meanwhile would be reset.
  const env: Record<string, string> =
    config.listen.port === 0 ? { ICE_PORT: new URL(await checkAddress(config, files)).port } : {};
  guardAcceptedConnections(openFiles, refusals, guard);
  const poolMetrics = new PoolMetrics();
  metrics.addProcesses(() => poolMetrics.read());
  const pool = new WorkerPool({
    count,
    contents: { images: files.images, values: files.values },
    findings,
    args: ["serve", "--workers", String(count), ...(file === undefined ? [] : ["--config", file])],
    env,
    stopTimeoutMs: findStopTimeoutMs(config),
    dealer: new ConnectionDealer(refusals, guard),
    guard,
    onStart: (worker) => poolMetrics.follow(worker),
    onReload: (succeeded) => reloadCounts.add(succeeded ? "success" : "retry"),
    log,
  });
  return {
    ready: pool.start(),
    configure: (next, contents) => pool.configure(contents, findStopTimeoutMs(next)),
    stop: () => pool.stop(),
    kill: () => pool.kill(),
  };
}

function findStopTimeoutMs({ shutdown: { delaySeconds, timeoutSeconds } }: Config): number {
  return (delaySeconds + timeoutSeconds) * 1000 + stopMarginMs;
}
