import type { Worker } from "node:cluster";
import type { FileContents } from "../files/file-contents.js";
import type { ProcessMetrics } from "../observability/process-metrics.js";
import { NewestValue } from "../watch/newest-value.js";
import { Findings } from "./findings.js";
import { LargeContents } from "./large-contents.js";
import { type PrimaryMessage, primaryMessageSchema, type WorkerMessage } from "./messages.js";

/** Longer than the primary process waits for its queue to be empty. */
const leaveTimeoutMs = 4_000;

/**
 * The primary process, as a worker sees it. To be made before anything slow, and once: the primary
 * sends each piece of a large file once, and what it sends is lost while nobody listens.
 */
export class PrimaryChannel {
  readonly #worker: Worker;
  readonly #largeContents = new LargeContents();
  /** The files to serve by. What is read late is the newest. */
  readonly contents = new NewestValue<FileContents>(
    (contents) => contents,
    () => {},
  );
  readonly findings = new Findings();
  /** Settles with the reason to stop when there is no primary any more. */
  readonly gone: Promise<string>;
  #settleLeft = () => {};
  #measure = () => {};

  /** Reports to the primary that this worker can be configured. */
  constructor(worker: Worker) {
    this.#worker = worker;
    this.gone = new Promise((resolve) => {
      worker.once("disconnect", () => {
        // Node would end this process at once, unless the disconnect is said to be meant.
        worker.exitedAfterDisconnect = true;
        this.#settleLeft();
        resolve("the primary process is gone");
      });
    });
    worker.on("message", (message: unknown) => {
      // Others talk over this channel as well, such as `node --watch`.
      const { data } = primaryMessageSchema.safeParse(message);
      if (data !== undefined) {
        this.#receive(data);
      }
    });
    void this.tell({ kind: "listening" });
  }

  /** Settles when the message is out, or cannot be sent because the primary is gone. */
  tell(message: WorkerMessage): Promise<void> {
    return new Promise((resolve) => {
      this.#worker.send(message, () => resolve());
    });
  }

  /** Sends these metrics to the primary whenever it asks. */
  report(metrics: ProcessMetrics, log: { error(fields: object, text: string): void }): void {
    this.#measure = () => {
      metrics.read().then(
        (read) => this.tell({ kind: "measured", metrics: read }),
        (error) => {
          log.error({ err: error }, "the metrics cannot be read");
          return this.tell({ kind: "measured" });
        },
      );
    };
  }

  /** Has the primary hand no more connections to this worker; settles when none will come. */
  leave(): Promise<void> {
    return new Promise((resolve) => {
      this.#settleLeft = resolve;
      // A primary that hangs holds up nothing.
      setTimeout(resolve, leaveTimeoutMs);
      if (this.#worker.isConnected()) {
        void this.tell({ kind: "leaving" });
      } else {
        resolve();
      }
    });
  }

  /** Ends the channel, which would keep this process alive. */
  close(): void {
    if (process.connected) {
      process.disconnect?.();
    }
  }

  #receive(message: PrimaryMessage): void {
    switch (message.kind) {
      case "piece":
        this.#largeContents.add(message);
        break;
      case "configure":
        this.contents.put(this.#largeContents.resolve(message));
        this.findings.set(message);
        break;
      case "findings":
        this.findings.set(message);
        break;
      case "measure":
        this.#measure();
        break;
      case "left":
        this.#settleLeft();
        break;
    }
  }
}
