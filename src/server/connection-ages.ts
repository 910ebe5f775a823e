import type { Socket } from "node:net";
import type { Clock, StartTimer } from "../clock.js";
import { endNothing, type Guard } from "../http/guard.js";
import { DueQueue } from "../watch/due-queue.js";
import { WakeUp } from "../watch/wake-up.js";

export interface AgingOptions {
  /** Milliseconds that are never set back. */
  readonly clock: Clock;
  readonly startTimer: StartTimer;
  /** A number from 0 to 1, as Math.random makes it. */
  readonly random: () => number;
}

/** Connections reach their age earlier or later by up to this part, so that they do not all reconnect at once. */
const jitterShare = 0.1;
/** Timers cannot wait for longer than some weeks. */
const longestWaitMs = 3_600_000;

/** When connections have reached their greatest age. One timer waits for the one that is due first. */
export class ConnectionAges {
  readonly #options: AgingOptions;
  readonly #due = new DueQueue<Socket>();
  readonly #retire = new WeakMap<Socket, () => void>();
  /** Has a connection forgotten when it closes. */
  readonly #keep: (socket: Socket) => void;
  readonly #wakeUp: WakeUp;
  #maxAgeMs: number | undefined;

  constructor(options: AgingOptions, guard: Guard) {
    this.#options = options;
    this.#wakeUp = new WakeUp(options.startTimer, () => this.#retireDue());
    const due = this.#due;
    const forget = guard.wrap(function (this: Socket) {
      due.delete(this);
    }, endNothing);
    this.#keep = (socket) => void socket.on("close", forget);
  }

  /** @param maxAgeMs of connections from now on; undefined for no limit */
  limit(maxAgeMs: number | undefined): void {
    this.#maxAgeMs = maxAgeMs;
  }

  /**
   * Takes each connection as it begins.
   * @param retire called once, at its age, unless it has closed by then
   */
  add(socket: Socket, retire: () => void): void {
    if (this.#maxAgeMs === undefined) {
      return;
    }
    const share = 1 - jitterShare + 2 * jitterShare * this.#options.random();
    this.#retire.set(socket, retire);
    this.#due.set(socket, this.#options.clock() + this.#maxAgeMs * share);
    this.#keep(socket);
    this.#waitForNext();
  }

  #waitForNext(): void {
    const { nextMs } = this.#due;
    if (nextMs !== Number.POSITIVE_INFINITY) {
      const nowMs = this.#options.clock();
      this.#wakeUp.at(Math.min(nextMs, nowMs + longestWaitMs), nowMs);
    }
  }

  #retireDue(): void {
    for (const socket of this.#due.takeDue(this.#options.clock())) {
      this.#retire.get(socket)?.();
    }
    this.#waitForNext();
  }
}
