import { Worker } from "node:worker_threads";
import packageJson from "../../package.json" with { type: "json" };
import { ConfigError, findErrorCode } from "../errors.js";
import type { FileContents } from "../files/file-contents.js";
import { adviseOnCode, isTransientCode } from "../files/read-failure.js";
import { type ThreadOrder, threadMessageSchema } from "./messages.js";

/** In the same folder, also in the bundle. */
const threadProgram = new URL("./config-thread.js", import.meta.url);

/** The longest reading takes a few seconds. A network file system can be away for longer. */
const defaultTimeoutMs = 60_000;
/** The content of files is kept outside of this heap. */
const maxHeapMiB = 512;

/** The outcome of reading the configuration. */
export interface ConfigReading {
  /** The version of each file that was read, or should have been. */
  readonly versions: ReadonlyMap<string, string>;
  /** The checked result, or why it cannot be used. */
  readonly result: FileContents | ConfigError;
}

/**
 * Reads the configuration and every file that it names in a separate thread, so that no call waits.
 * Settles when the thread has ended, so that there are never two.
 *
 * @throws ConfigError when the thread cannot do its work, or takes longer than a minute
 */
export async function readConfigInThread(
  order: ThreadOrder,
  signal: AbortSignal,
  timeoutMs = defaultTimeoutMs,
): Promise<ConfigReading> {
  const key = order.file ?? process.env["ICE_CONFIG"] ?? "the configuration";
  let thread: Worker;
  try {
    thread = new Worker(threadProgram, {
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
    });
  } catch (error) {
    throw describeThreadFailure(error, key, false);
  }
  let hasBegun = false;
  let isLate = false;
  let reading: ConfigReading | undefined;
  let failure: unknown;
  thread.on("message", (message: unknown) => {
    if (failure !== undefined) {
      return;
    }
    const { data: told } = threadMessageSchema.safeParse(message);
    if (told === undefined) {
      failure = findOtherVersion("another", key);
    } else if (told.kind === "begun") {
      hasBegun = true;
      failure = findOtherVersion(told.version, key);
    } else {
      const result =
        told.kind === "read" ? told.contents : new ConfigError(told.problems, told.omittedCount);
      reading = { versions: told.versions, result };
    }
  });
  thread.on("error", (error) => {
    failure = describeThreadFailure(error, key, hasBegun);
  });
  const end = () => void thread.terminate();
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, timeoutMs);
  signal.addEventListener("abort", end, { once: true });
  await new Promise((resolve) => thread.once("exit", resolve));
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
  if (failure !== undefined) {
    throw failure;
  }
  if (reading === undefined) {
    const code = isLate ? "ETIMEDOUT" : "ECANCELED";
    throw new ConfigError([
      { key, problem: `was not read (${code})`, fix: adviseOnCode(code), transientCode: code },
    ]);
  }
  return reading;
}

function findOtherVersion(version: string, key: string): ConfigError | undefined {
  return version === packageJson.version
    ? undefined
    : new ConfigError([
        {
          key,
          problem: `cannot be read by this process, whose program was replaced: it has version ${packageJson.version}, and ${version} is installed`,
          fix: "Restart the service",
        },
      ]);
}

/** A thread that could not start lacked resources, which may be available next time. */
function describeThreadFailure(error: unknown, key: string, hasBegun: boolean): unknown {
  const code = findCause(error) ?? findErrorCode(error) ?? "unknown error";
  if (code === "ERR_WORKER_OUT_OF_MEMORY") {
    const problem = `needs more than ${maxHeapMiB} MiB of memory to be read`;
    return new ConfigError([{ key, problem, fix: "Make its files smaller" }]);
  }
  if (hasBegun && !isTransientCode(code)) {
    return error;
  }
  const problem = `cannot be read, as no thread can be started for it (${code})`;
  const fix = adviseOnCode(isTransientCode(code) ? code : "EMFILE");
  return new ConfigError([{ key, problem, fix, transientCode: code }]);
}

/** Only the message says why Node cannot create a thread. */
function findCause(error: unknown): string | undefined {
  return error instanceof Error ? /^Worker init.*: (E[A-Z]+)$/.exec(error.message)?.[1] : undefined;
}
