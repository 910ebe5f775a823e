import { parentPort, workerData } from "node:worker_threads";
import packageJson from "../../package.json" with { type: "json" };
import { systemClock } from "../clock.js";
import { checkFiles } from "../compose/config-check.js";
import { ConfigError } from "../errors.js";
import { DiskFiles } from "../files/disk-files.js";
import { loadConfig } from "../service-config.js";
import { type ThreadMessage, threadOrderSchema } from "./messages.js";

/*
 * The program of the thread that reads the configuration while calls are served: it reads every file,
 * parses those that take long, and checks all of it. Its end is the end of this file.
 */

function tell(message: ThreadMessage, transferList: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transferList);
}

tell({ kind: "begun", version: packageJson.version });
const { file, devSecret } = threadOrderSchema.parse(workerData);
const files = new DiskFiles();
try {
  const dev = devSecret && { secret: devSecret };
  const { config } = loadConfig({ env: process.env, file, files, ...(dev && { dev }) });
  checkFiles(config, files, systemClock);
  const { images, values, versions } = files;
  tell({ kind: "read", versions, contents: { images, values } }, listBuffers(files));
} catch (error) {
  if (!(error instanceof ConfigError)) {
    throw error;
  }
  const { problems, omittedCount } = error;
  tell({ kind: "refused", versions: files.versions, problems, omittedCount });
}

/** Handed over rather than copied: there may be a hundred megabytes. */
function listBuffers({ images, values }: DiskFiles): ArrayBuffer[] {
  return [...images.values(), ...values.values()].flatMap((content) =>
    content?.bytes.buffer instanceof ArrayBuffer ? [content.bytes.buffer] : [],
  );
}
