import type { Worker } from "node:cluster";
import { createProcessParts, type ProcessParts } from "../compose/process-parts.js";
import type { RunningService } from "../compose.js";
import { ConfigError } from "../errors.js";
import type { FileContents } from "../files/file-contents.js";
import { HandedFiles } from "../files/handed-files.js";
import { DownUrls } from "../health/down-urls.js";
import { openLog } from "../observability/logger.js";
import { type Config, loadConfig } from "../service-config.js";
import { LargeImages } from "./large-images.js";
import { startLocalService } from "./local-service.js";
import { startUnlessStopped } from "./opened-parts.js";
import { primaryMessageSchema, type WorkerMessage } from "./worker-message.js";
import { WorkerReload } from "./worker-reload.js";

/** Longer than the primary process waits for its queue to be empty. */
const leaveTimeoutMs = 4_000;

/**
 * The worker's part: serves until a signal comes or the primary process is gone, then stops
 * gracefully. Tells the primary when it is ready, or what is wrong with the configuration.
 * @returns the exit code
 */
export async function runWorker(
  worker: Worker,
  file: string | undefined,
  stopSignal: Promise<string>,
): Promise<number> {
  const primaryGone = new Promise<string>((resolve) => {
    worker.once("disconnect", () => {
      // Node would end this process at once, unless the disconnect is said to be meant.
      worker.exitedAfterDisconnect = true;
      resolve("the primary process is gone");
    });
  });
  const stopReason = Promise.race([stopSignal, primaryGone]);
  try {
    const largeImages = new LargeImages();
    // From the beginning: the primary sends each piece once, even while the service starts.
    worker.on("message", (message: unknown) => {
      const { data } = primaryMessageSchema.safeParse(message);
      if (data?.kind === "piece") {
        largeImages.add(data);
      }
    });
    const first = await Promise.race([receiveConfiguration(worker, largeImages), stopReason]);
    if (typeof first === "string") {
      return 0;
    }
    const downUrls = new DownUrls();
    downUrls.set(first.downUrls);
    const start = startWorkerService(worker, file, first.contents, downUrls);
    const started = await startUnlessStopped(start, stopReason);
    if (started === undefined) {
      return 0;
    }
    const { service, parts } = started;
    const { log } = parts;
    const reload = new WorkerReload({
      apply(contents) {
        const files = new HandedFiles(contents);
        const config = load(file, files);
        service.reload(config, files);
        log.level = config.log.level;
      },
      onOutcome: (succeeded) => void tell(worker, { kind: "reloaded", succeeded }),
      log,
    });
    worker.on("message", (message: unknown) => {
      const { data } = primaryMessageSchema.safeParse(message);
      if (data?.kind === "configure") {
        const { images, values } = data;
        reload.use({ images: largeImages.resolve(images), values });
        downUrls.set(data.downUrls);
      } else if (data?.kind === "health") {
        downUrls.set(data.downUrls);
      } else if (data?.kind === "measure") {
        void measure(worker, parts);
      }
    });
    await Promise.race([service.ready, stopReason]);
    await tell(worker, { kind: "ready", url: service.url });
    const reason = await stopReason;
    log.debug({ reason }, "stopping");
    await service.stop();
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) {
      const [first, ...others] = error.problems;
      const { omittedCount } = error;
      await tell(worker, { kind: "refused", problems: [first, ...others], omittedCount });
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

interface Configuration {
  readonly contents: FileContents;
  readonly downUrls: readonly string[];
}

/** Has the primary process hand no more connections to this one; settles when none will come. */
function leave(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const onMessage = (message: unknown) => {
      if (primaryMessageSchema.safeParse(message).data?.kind === "left") {
        resolve();
      }
    };
    worker.on("message", onMessage).once("disconnect", resolve);
    // A primary that hangs holds up nothing.
    setTimeout(resolve, leaveTimeoutMs);
    if (worker.isConnected()) {
      void tell(worker, { kind: "leaving" });
    } else {
      resolve();
    }
  });
}

/** Asks for a configuration: one that came before somebody listens would be lost. */
function receiveConfiguration(worker: Worker, largeImages: LargeImages): Promise<Configuration> {
  return new Promise((resolve) => {
    const onMessage = (message: unknown) => {
      const { data } = primaryMessageSchema.safeParse(message);
      if (data?.kind === "configure") {
        worker.off("message", onMessage);
        const { images, values, downUrls } = data;
        resolve({ contents: { images: largeImages.resolve(images), values }, downUrls });
      }
    };
    worker.on("message", onMessage);
    void tell(worker, { kind: "listening" });
  });
}

/** Tells the primary what this process has counted. */
async function measure(worker: Worker, { metrics, log }: ProcessParts): Promise<void> {
  try {
    await tell(worker, { kind: "measured", metrics: await metrics.read() });
  } catch (error) {
    log.error({ err: error }, "the metrics cannot be read");
  }
}

interface StartedWorker {
  readonly service: RunningService;
  readonly parts: ProcessParts;
}

async function startWorkerService(
  worker: Worker,
  file: string | undefined,
  contents: FileContents,
  downUrls: DownUrls,
): Promise<StartedWorker> {
  // Warnings about the configuration are the primary's to tell, once.
  const files = new HandedFiles(contents);
  const config = load(file, files);
  const parts = createProcessParts(await openLog(config.log, { shared: true, pid: process.pid }));
  const service = await startLocalService(config, files, {
    ...parts,
    downUrls,
    stopDealing: () => leave(worker),
  });
  return { service, parts };
}

function load(file: string | undefined, files: HandedFiles): Config {
  return loadConfig({ env: process.env, file, files }).config;
}

/** Settles when the message is out, or cannot be told since the primary is gone. */
function tell(worker: Worker, message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    worker.send(message, () => resolve());
  });
}
