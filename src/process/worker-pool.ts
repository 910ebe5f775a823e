import cluster from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import type { FileContents } from "../files/file-contents.js";
import type { Guard } from "../http/guard.js";
import type { Logger } from "../observability/logger.js";
import { RestartBackoff } from "./backoff.js";
import type { ConnectionDealer } from "./connection-dealer.js";
import type { Findings } from "./findings.js";
import { type RunningWorker, startWorker } from "./running-worker.js";

export interface WorkerPoolOptions {
  readonly count: number;
  /** The files that the workers serve by, until {@link WorkerPool.configure} brings others. */
  readonly contents: FileContents;
  /** What the workers use in their answers. */
  readonly findings: Findings;
  /** The workers' command line, after the program's name. */
  readonly args: readonly string[];
  /** The workers' variables, beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** How long a worker may take to stop before it is killed, until {@link WorkerPool.configure} changes it. */
  readonly stopTimeoutMs: number;
  readonly dealer: ConnectionDealer;
  readonly guard: Guard;
  /** Called with each worker, those that replace others included. */
  readonly onStart: (worker: RunningWorker) => void;
  /** Called when a worker cannot apply a configuration, and when it finally has. */
  readonly onReload: (succeeded: boolean) => void;
  readonly log: Logger;
}

/** Keeps a number of workers running. At most one of it in a process. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Set<RunningWorker>();
  readonly #stopping = new AbortController();
  #contents: FileContents;
  #stopTimeoutMs: number;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#contents = options.contents;
    this.#stopTimeoutMs = options.stopTimeoutMs;
    options.findings.onChange(() => {
      for (const worker of this.#workers) {
        worker.setFindings(options.findings.data);
      }
    });
  }

  /** Has every worker, and those that come after, serve by other files, and stop within another time. */
  configure(contents: FileContents, stopTimeoutMs: number): void {
    this.#contents = contents;
    this.#stopTimeoutMs = stopTimeoutMs;
    for (const worker of this.#workers) {
      worker.configure(contents, this.#options.findings.data);
    }
  }

  /**
   * Starts the workers; settles with their URL when all are ready. From then on one that ends is replaced.
   * @throws Error when one of them ends before it was ready; the ConfigError that it has reported, if any
   */
  async start(): Promise<string> {
    const { count, args } = this.#options;
    // Proxies and gRPC clients keep few connections for long. The primary deals these out in turn,
    // evenly; workers that accept for themselves would not. The price is a quarter of the rate of new
    // connections. SO_REUSEPORT, which Node 20 cannot set, would spread by chance too, and reset what
    // waits for a worker that dies.
    cluster.schedulingPolicy = cluster.SCHED_RR;
    // For the bytes of files.
    cluster.setupPrimary({ args: [...args], serialization: "advanced" });
    const workers = Array.from({ length: count }, () => this.#start());
    for (const worker of workers) {
      void this.#replaceAsOftenAsNeeded(worker);
    }
    const [url = ""] = await Promise.all(workers.map(({ ready }) => ready));
    return url;
  }

  /**
   * Stops every worker at the same time, and kills those that take too long.
   * @returns whether all ended well
   */
  async stop(): Promise<boolean> {
    this.#stopping.abort();
    const endedWell = await Promise.all([...this.#workers].map((worker) => this.#stop(worker)));
    return endedWell.every(Boolean);
  }

  /** Ends every worker at once. */
  kill(): void {
    for (const worker of this.#workers) {
      worker.kill("SIGKILL");
    }
  }

  #start(): RunningWorker {
    const { env, dealer, guard, findings, onReload } = this.#options;
    const begin = () => worker.configure(this.#contents, findings.data);
    const worker = startWorker(env, dealer, guard, begin, onReload);
    this.#workers.add(worker);
    this.#options.onStart(worker);
    void worker.ended.then(() => this.#workers.delete(worker));
    return worker;
  }

  /** A first worker that was never ready is not replaced: {@link start} fails with it. */
  async #replaceAsOftenAsNeeded(first: RunningWorker): Promise<void> {
    const { log } = this.#options;
    const { signal: stopping } = this.#stopping;
    const backoff = new RestartBackoff();
    let worker = first;
    while (true) {
      const { code, signal, upMs } = await worker.ended;
      if (stopping.aborted || (worker === first && upMs === undefined)) {
        return;
      }
      const restartInMs = backoff.next(upMs ?? 0);
      log.error({ pid: worker.pid, code, signal, restartInMs }, "worker ended");
      await sleep(restartInMs, undefined, { signal: stopping }).catch(() => {});
      if (stopping.aborted) {
        return;
      }
      worker = this.#start();
      const { pid } = worker;
      worker.ready.then(
        () => log.info({ pid }, "worker replaced"),
        (error) => stopping.aborted || log.error({ pid, err: error }, "worker not replaced"),
      );
    }
  }

  async #stop(worker: RunningWorker): Promise<boolean> {
    let killed = false;
    const timer = setTimeout(() => {
      killed = true;
      this.#options.log.error({ pid: worker.pid }, "worker did not stop and is killed");
      worker.kill("SIGKILL");
    }, this.#stopTimeoutMs);
    worker.kill("SIGTERM");
    const { code, upMs } = await worker.ended;
    clearTimeout(timer);
    // One that was still starting may end as it likes: it had no calls.
    return code === 0 || (upMs === undefined && !killed);
  }
}
