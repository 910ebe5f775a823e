import type { ChildProcess } from "node:child_process";
import { endNothing, type Guard } from "../http/guard.js";
import { untilAcceptQueueIsEmpty } from "../server/accept-queue.js";
import type { ConnectionRefusals, RefusalReason } from "../server/connection-refusals.js";

interface Connection {
  close(): void;
}

/** Before a worker is offered a connection again that it had no room for. */
const retryMs = 10;
/** How long a connection waits for the workers that have not been asked, as they are busy. */
const maxWaitMs = 1_000;

/** What one worker is being offered. */
interface Offer {
  readonly connection: Connection;
  readonly seq: number;
}

/** A connection that some workers had no room for. */
interface Refusal {
  readonly by: Set<ChildProcess>;
  readonly sinceMs: number;
  reason: RefusalReason;
}

/**
 * Watches node:cluster hand connections to workers, one at a time to each, and ends what cluster
 * leaves open:
 *
 * - A connection that all workers refuse, as each has `maxConnections`. cluster would offer it to
 *   them again and again, and keep all processes busy, until one of them had room.
 * - A connection on its way to a worker that dies. Only the worker's reply would close it. Closed, the
 *   client tries again, and another worker serves it.
 * - A connection that a worker cannot receive, since it has no free descriptor. cluster would wait for
 *   its reply, and never offer that worker another one. Here it counts as refused by that worker.
 *
 * cluster's messages are not documented; should they change, nothing is closed here, and tests fail.
 */
export class ConnectionDealer {
  readonly #refusals: ConnectionRefusals;
  readonly #guard: Guard;
  readonly #workers = new Set<ChildProcess>();
  readonly #leaving = new Set<ChildProcess>();
  readonly #offered = new Map<ChildProcess, Offer>();
  readonly #refused = new WeakMap<Connection, Refusal>();
  #offers = 0;

  constructor(refusals: ConnectionRefusals, guard: Guard) {
    this.#refusals = refusals;
    this.#guard = guard;
  }

  /** Takes a worker in until it ends. To be called before cluster offers it anything. */
  follow(worker: ChildProcess): void {
    this.#workers.add(worker);
    worker.send = new Proxy(worker.send, {
      apply: (send, self, args: unknown[]) => {
        const [message, connection] = args;
        const seq = read(message, "seq");
        if (
          read(message, "act") === "newconn" &&
          typeof seq === "number" &&
          isConnection(connection)
        ) {
          const refusal = this.#refused.get(connection);
          if (refusal?.by.has(worker)) {
            this.#answerForWorker(worker, refusal, seq);
            return true;
          }
          this.#offers += 1;
          this.#offered.set(worker, { connection, seq });
        }
        return Reflect.apply(send, self, args);
      },
    });
    const onMessage = (message: unknown) => {
      const offered = this.#offered.get(worker);
      if (offered === undefined) {
        return;
      }
      if (read(message, "ack") === offered.seq) {
        if (read(message, "accepted") === false) {
          this.#recordRefusal(worker, offered.connection, "max_connections");
        }
        this.#offered.delete(worker);
      } else if (read(message, "cmd") === "NODE_HANDLE_NACK") {
        const { connection, seq } = offered;
        this.#offered.delete(worker);
        this.#recordRefusal(worker, connection, "open_files");
        this.#reply(worker, seq, false, 0);
      }
    };
    // Before cluster's own listener, which offers the next connection.
    worker.prependListener("internalMessage", this.#guard.wrap(onMessage, endNothing));
    const onExit = () => {
      this.#workers.delete(worker);
      this.#leaving.delete(worker);
      this.#offered.get(worker)?.connection.close();
      this.#offered.delete(worker);
    };
    worker.once("exit", this.#guard.wrap(onExit, endNothing));
  }

  /**
   * Takes a worker out at a moment when no connection is lost by it. cluster closes the listening
   * socket with the last one, and all connections that wait for a worker then.
   * @param remove has cluster do it, at once
   */
  async dismiss(worker: ChildProcess, remove: () => void): Promise<void> {
    this.#leaving.add(worker);
    if ([...this.#workers].every((each) => this.#leaving.has(each))) {
      await untilAcceptQueueIsEmpty(
        () => this.#offers,
        () => this.#offered.size > 0,
      );
    }
    remove();
  }

  #recordRefusal(worker: ChildProcess, connection: Connection, reason: RefusalReason): void {
    const refusal = this.#refused.get(connection);
    if (refusal === undefined) {
      this.#refused.set(connection, { by: new Set([worker]), sinceMs: performance.now(), reason });
    } else {
      refusal.by.add(worker);
      refusal.reason = reason;
    }
  }

  /** Spares a worker an offer that it has refused already. */
  #answerForWorker(worker: ChildProcess, { by, sinceMs, reason }: Refusal, seq: number): void {
    const isRefusedByAll = [...this.#workers].every((each) => by.has(each));
    if (isRefusedByAll || performance.now() - sinceMs >= maxWaitMs) {
      this.#refusals.add("main", reason);
      this.#reply(worker, seq, true, 0);
    } else {
      this.#reply(worker, seq, false, retryMs);
    }
  }

  /**
   * Replies to cluster in the worker's place.
   * @param accepted true has cluster close the connection here, false has it offer it to another
   */
  #reply(worker: ChildProcess, ack: number, accepted: boolean, delayMs: number): void {
    const reply = () => {
      // A worker that has ended meanwhile has no queue any more that the connection could wait in.
      const isGone = !this.#workers.has(worker);
      const message = { cmd: "NODE_CLUSTER", ack, accepted: accepted || isGone };
      worker.emit("internalMessage", message, undefined);
    };
    setTimeout(this.#guard.wrap(reply, endNothing), delayMs);
  }
}

/** A schema would do, but takes several times as long, and this is done for every connection. */
function read(message: unknown, key: string): unknown {
  return message instanceof Object ? Reflect.get(message, key) : undefined;
}

function isConnection(value: unknown): value is Connection {
  return value instanceof Object && "close" in value && typeof value.close === "function";
}
