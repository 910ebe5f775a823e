import type { Worker } from "node:cluster";
import { systemClock } from "../clock.js";
import { type RunningService, startService } from "../compose.js";
import { loadConfig } from "../config/load-config.js";
import { ConfigError } from "../errors.js";
import { type Logger, openLog } from "../observability/logger.js";
import { watchStopSignal } from "./stop-signal.js";
import type { WorkerMessage } from "./worker-message.js";

/**
 * The worker's part: serves until a signal comes or the primary process is gone, then stops
 * gracefully. Tells the primary when it is ready, or what is wrong with the configuration.
 * @returns the exit code
 */
export async function runWorker(worker: Worker, file: string | undefined): Promise<number> {
  const stopSignal = watchStopSignal();
  const primaryGone = new Promise<string>((resolve) => {
    worker.once("disconnect", () => {
      // Node would end this process at once, unless the disconnect is said to be meant.
      worker.exitedAfterDisconnect = true;
      resolve("the primary process is gone");
    });
  });
  const stopReason = Promise.race([stopSignal, primaryGone]);
  try {
    const { service, log } = await start(file);
    await Promise.race([service.ready, stopReason]);
    await tell(worker, { kind: "ready" });
    const reason = await stopReason;
    log.debug({ reason }, "stopping");
    await service.stop();
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) {
      const [first, ...others] = error.problems;
      await tell(worker, { kind: "refused", problems: [first, ...others] });
      return 2;
    }
    throw error;
  } finally {
    // The channel to the primary would keep this process alive.
    if (process.connected) {
      process.disconnect?.();
    }
  }
}

async function start(
  file: string | undefined,
): Promise<{ readonly service: RunningService; readonly log: Logger }> {
  // Warnings about the configuration are the primary's to tell, once.
  const { config } = loadConfig({ env: process.env, file });
  const logs = await openLog(config.log, { shared: true, pid: process.pid });
  return { service: await startService(config, { clock: systemClock, ...logs }), log: logs.log };
}

/** Settles when the message is out, or cannot be told since the primary is gone. */
function tell(worker: Worker, message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    worker.send(message, () => resolve());
  });
}
