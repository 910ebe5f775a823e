import type { ConnectError } from "@connectrpc/connect";
import { callEnded, clientGone, deadlinePassed } from "./call-end.js";
import type { ClientPresence } from "./http-message.js";

/** The parts of a request that decide how long its call lasts. */
export interface CallOrigin {
  /** As performance.now() tells it: timeouts count from there. */
  readonly arrivedAtMs: number;
  readonly client: ClientPresence;
}

/**
 * How long a call lasts: until its deadline, or until its client goes away. An AbortSignal costs more
 * than the rest of a call together, so that it is made when first asked for.
 */
export class CallLife {
  readonly #client: ClientPresence;
  readonly #deadlineMs: number | undefined;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param timeoutMs from the request's arrival; undefined where the caller set none */
  constructor({ arrivedAtMs, client }: CallOrigin, timeoutMs: number | undefined) {
    this.#client = client;
    this.#deadlineMs = timeoutMs === undefined ? undefined : arrivedAtMs + timeoutMs;
  }

  /**
   * Aborted by the deadline, by a client that goes away, and by the end of the call. Not by the end
   * of the process, which waits for calls.
   */
  get signal(): AbortSignal {
    this.#controller ??= this.#watch();
    return this.#controller.signal;
  }

  /** What is left until the deadline. */
  timeoutMs(): number | undefined {
    return this.#deadlineMs === undefined ? undefined : this.#deadlineMs - performance.now();
  }

  /** Why the call is over before it has an answer, or undefined; without the cost of a signal. */
  findEnd(): ConnectError | undefined {
    if (this.#client.isGone()) {
      return clientGone();
    }
    // A timer may fire a little early.
    const isAborted = this.#controller?.signal.aborted === true;
    const leftMs = this.timeoutMs();
    return isAborted || (leftMs !== undefined && leftMs <= 0) ? deadlinePassed() : undefined;
  }

  /** Ends what the call has started, and whatever still listens to its signal. */
  end(): void {
    clearTimeout(this.#timer);
    this.#controller?.abort(callEnded);
  }

  #watch(): AbortController {
    const controller = new AbortController();
    const end = this.findEnd();
    if (end !== undefined) {
      controller.abort(end);
      return controller;
    }
    this.#client.onGone(() => controller.abort(clientGone()));
    const leftMs = this.timeoutMs();
    if (leftMs !== undefined) {
      this.#timer = setTimeout(() => controller.abort(deadlinePassed()), leftMs);
    }
    return controller;
  }
}
