import type { Worker } from "node:cluster";
import { createProcessParts, type ProcessParts } from "../compose/process-parts.js";
import type { RunningService } from "../compose.js";
import { ConfigError } from "../errors.js";
import type { FileContents } from "../files/file-contents.js";
import { HandedFiles } from "../files/handed-files.js";
import { openLog } from "../observability/logger.js";
import { loadConfig } from "../service-config.js";
import { startLocalService } from "./local-service.js";
import { startUnlessStopped } from "./opened-parts.js";
import { PrimaryChannel } from "./primary-channel.js";
import { WorkerReload } from "./worker-reload.js";

/**
 * The worker's part: serves until a signal comes or the primary process is gone, then stops
 * gracefully. Reports to the primary when it is ready, or what is wrong with the configuration.
 * @returns the exit code
 */
export async function runWorker(
  worker: Worker,
  file: string | undefined,
  stopSignal: Promise<string>,
): Promise<number> {
  const primary = new PrimaryChannel(worker);
  const stopReason = Promise.race([stopSignal, primary.gone]);
  const load = (files: HandedFiles) => loadConfig({ env: process.env, file, files }).config;

  async function start(contents: FileContents): Promise<StartedWorker> {
    // The primary reports warnings about the configuration, once.
    const files = new HandedFiles(contents);
    const config = load(files);
    const parts = createProcessParts(await openLog(config.log, { shared: true, pid: process.pid }));
    const service = await startLocalService(config, files, {
      ...parts,
      findings: primary.findings,
      stopDealing: () => primary.leave(),
    });
    return { service, parts };
  }

  /** Serves by what the primary sends from now on. */
  async function followContents({ service, parts: { log } }: StartedWorker): Promise<void> {
    const reload = new WorkerReload({
      apply(contents) {
        const files = new HandedFiles(contents);
        const config = load(files);
        service.reload(config, files);
        log.level = config.log.level;
      },
      onOutcome: (succeeded) => void primary.tell({ kind: "reloaded", succeeded }),
      log,
    });
    for await (const contents of primary.contents) {
      reload.use(contents);
    }
  }

  try {
    const first = await Promise.race([primary.contents.next(), stopReason]);
    if (typeof first === "string" || first.done) {
      return 0;
    }
    const started = await startUnlessStopped(start(first.value), stopReason);
    if (started === undefined) {
      return 0;
    }
    const { service, parts } = started;
    void followContents(started);
    primary.report(parts.metrics, parts.log);
    await Promise.race([service.ready, stopReason]);
    await primary.tell({ kind: "ready", url: service.url });
    const reason = await stopReason;
    parts.log.debug({ reason }, "stopping");
    await service.stop();
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) {
      const { problems, omittedCount } = error;
      await primary.tell({ kind: "refused", problems, omittedCount });
      return 2;
    }
    throw error;
  } finally {
    primary.close();
  }
}

interface StartedWorker {
  readonly service: RunningService;
  readonly parts: ProcessParts;
}
