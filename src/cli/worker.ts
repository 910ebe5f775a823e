import type { Worker } from "node:cluster";
import { systemClock } from "../clock.js";
import { type RunningService, startService } from "../compose.js";
import { loadConfig } from "../config/load-config.js";
import { ConfigError } from "../errors.js";
import { FileImages } from "../files/file-images.js";
import { type Logger, openLog } from "../observability/logger.js";
import { watchStopSignal } from "./stop-signal.js";
import { type PrimaryMessage, primaryMessageSchema, type WorkerMessage } from "./worker-message.js";

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
    const first = await Promise.race([receiveConfiguration(worker), stopReason]);
    if (typeof first === "string") {
      return 0;
    }
    const { service, log } = await start(file, first);
    worker.on("message", (message: unknown) => {
      const { data } = primaryMessageSchema.safeParse(message);
      if (data !== undefined) {
        reload(service, file, data.images, log);
      }
    });
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

/** Asks for a configuration: one that came before somebody listens would be lost. */
function receiveConfiguration(worker: Worker): Promise<PrimaryMessage["images"]> {
  return new Promise((resolve) => {
    const onMessage = (message: unknown) => {
      const { data } = primaryMessageSchema.safeParse(message);
      if (data !== undefined) {
        worker.off("message", onMessage);
        resolve(data.images);
      }
    };
    worker.on("message", onMessage);
    void tell(worker, { kind: "listening" });
  });
}

/** The primary has checked these files; what fails all the same is its own bad luck of this process. */
function reload(
  service: RunningService,
  file: string | undefined,
  images: PrimaryMessage["images"],
  log: Logger,
): void {
  const files = new FileImages(images);
  try {
    service.reload(loadConfig({ env: process.env, file, files }).config, files);
  } catch (error) {
    log.error({ err: error }, "configuration not reloaded: the running one stays");
  }
}

async function start(
  file: string | undefined,
  images: PrimaryMessage["images"],
): Promise<{ readonly service: RunningService; readonly log: Logger }> {
  // Warnings about the configuration are the primary's to tell, once.
  const files = new FileImages(images);
  const { config } = loadConfig({ env: process.env, file, files });
  const logs = await openLog(config.log, { shared: true, pid: process.pid });
  return {
    service: await startService(config, files, { clock: systemClock, ...logs }),
    log: logs.log,
  };
}

/** Settles when the message is out, or cannot be told since the primary is gone. */
function tell(worker: Worker, message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    worker.send(message, () => resolve());
  });
}
