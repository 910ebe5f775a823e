import cluster, { type Worker } from "node:cluster";
import { ConfigError } from "../errors.js";
import type { FileContents } from "../files/file-contents.js";
import { endNothing, type Guard } from "../http/guard.js";
import type { ConnectionDealer } from "./connection-dealer.js";
import type { FindingsData } from "./findings.js";
import { LargeContentSender } from "./large-contents.js";
import { type PrimaryMessage, workerMessageSchema } from "./messages.js";
import { WorkerMetrics } from "./worker-metrics.js";

/** How a worker ended; code and signal as of a child process. */
export interface WorkerEnd {
  readonly code?: number;
  readonly signal?: string;
  /** How long it was ready before; undefined if it never was. */
  readonly upMs?: number;
}

/** A worker as the primary process sees it. */
export interface RunningWorker {
  /** Undefined when the process could not be made at all. */
  readonly pid: number | undefined;
  /**
   * Settles with its URL when the worker takes calls. Rejects when it ends before that: with the
   * ConfigError that it has reported, if any.
   */
  readonly ready: Promise<string>;
  /** Settles when the process is gone. Never rejects. */
  readonly ended: Promise<WorkerEnd>;
  /**
   * Has it serve by these files, and use these findings. Does nothing before it can be configured:
   * the message would be lost, and large files with it.
   */
  configure(contents: FileContents, findings: FindingsData): void;
  /** Has it use these findings. Does nothing before it can be configured, either. */
  setFindings(findings: FindingsData): void;
  /** What it has counted, as of its last report. */
  readonly metrics: WorkerMetrics;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Forks a worker.
 * @param env beside the variables of this process
 * @param dealer watches which connections the worker gets
 * @param guard keeps what a worker says, and how it ends, from ending this process
 * @param onListening called when the worker can be configured
 * @param onReload called when the worker cannot apply a configuration, and when it finally has
 */
export function startWorker(
  env: Readonly<Record<string, string>>,
  dealer: ConnectionDealer,
  guard: Guard,
  onListening: () => void,
  onReload: (succeeded: boolean) => void,
): RunningWorker {
  let worker: Worker;
  try {
    worker = cluster.fork(env);
  } catch (error) {
    return describeUnmade(error);
  }
  const child = worker.process;
  if (child.pid !== undefined) {
    dealer.follow(child);
  }
  // One that is about to end need not know.
  const send = (message: PrimaryMessage) =>
    new Promise<void>((resolve) => {
      worker.send(message, () => resolve());
    });
  const largeContents = new LargeContentSender(send);
  let configured = Promise.resolve();
  const metrics = new WorkerMetrics(() => void send({ kind: "measure" }));
  let readyAtMs: number | undefined;
  let isListening = false;
  let refusal: Error | undefined;

  const ended = new Promise<WorkerEnd>((resolve) => {
    const end = (how: Omit<WorkerEnd, "upMs">) => {
      resolve({ ...how, ...(readyAtMs !== undefined && { upMs: performance.now() - readyAtMs }) });
    };
    const onExit = (code: number | null, signal: string | null) => {
      end({ ...(code !== null && { code }), ...(signal !== null && { signal }) });
    };
    worker.once(
      "exit",
      guard.wrap(onExit, () => resolve({})),
    );
    // Unheard, these would end the primary: a connection that cannot be handed over any more, as
    // the worker has just died, or a process that could not be made, which has no exit.
    const onError = () => {
      if (child.pid === undefined) {
        end({});
      }
    };
    worker.on("error", guard.wrap(onError, endNothing));
  });
  const ready = new Promise<string>((resolve, reject) => {
    const onMessage = (message: unknown) => {
      // Others talk over this channel as well, such as `node --watch`.
      const { data: told } = workerMessageSchema.safeParse(message);
      if (told?.kind === "listening") {
        isListening = true;
        onListening();
      } else if (told?.kind === "ready") {
        readyAtMs = performance.now();
        resolve(told.url);
      } else if (told?.kind === "refused") {
        refusal = new ConfigError(told.problems, told.omittedCount);
      } else if (told?.kind === "reloaded") {
        onReload(told.succeeded);
      } else if (told?.kind === "measured") {
        metrics.receive(told.metrics);
      } else if (told?.kind === "leaving") {
        void dealer
          .dismiss(child, () => worker.disconnect())
          .then(() => send({ kind: "left" }), endNothing);
      }
    };
    worker.on("message", guard.wrap(onMessage, endNothing));
    void ended.then(({ code, signal }) => {
      const how = signal ?? code ?? "no process made";
      reject(refusal ?? new Error(`worker ${child.pid} ended before it was ready (${how})`));
    });
  });
  // Callers who ask learn of it; nobody must.
  ready.catch(() => {});
  return {
    pid: child.pid,
    ready,
    ended,
    metrics,
    configure(contents, findings) {
      if (!isListening) {
        return;
      }
      configured = configured.then(async () => {
        const referring = await largeContents.send(contents);
        await send({ kind: "configure", ...referring, ...findings });
      });
    },
    // In turn, so that the older findings of a configuration do not come last.
    setFindings(findings) {
      if (!isListening) {
        return;
      }
      configured = configured.then(() => send({ kind: "findings", ...findings }));
    },
    kill: (signal) => void child.kill(signal),
  };
}

/** A worker that ended before it began, as memory or descriptors have run out. */
function describeUnmade(error: unknown): RunningWorker {
  const ready = Promise.reject<string>(error);
  ready.catch(() => {});
  const metrics = new WorkerMetrics(() => {});
  return {
    pid: undefined,
    ready,
    ended: Promise.resolve({}),
    metrics,
    configure() {},
    setFindings() {},
    kill() {},
  };
}
