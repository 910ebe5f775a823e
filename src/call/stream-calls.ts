import type { ConnectError } from "@connectrpc/connect";
import { type StartTimer, systemTimer } from "../clock.js";
import type { Call } from "./call.js";
import type { Codec } from "./codec.js";

/** When, and why, the streams of a connection end. */
interface Retirement {
  readonly reason: ConnectError;
  readonly delayMs: number;
}

/** The streams that are open, so that the end of the process, or of a connection, can end them. */
export class StreamCalls {
  readonly #startTimer: StartTimer;
  /** With whether they outlive their connection's retirement. */
  readonly #open = new Map<Call, boolean>();
  readonly #retirements = new WeakMap<object, Retirement>();
  #endReason: ConnectError | undefined;

  constructor(startTimer: StartTimer = systemTimer) {
    this.#startTimer = startTimer;
  }

  /**
   * Takes a call in until it ends.
   * @param isPublic whether its service needs no token. What such a stream reports is about this
   *   connection, such as the health of the server behind it: {@link retire} leaves it alone
   */
  begin<C extends Codec>(call: Call<C>, isPublic: boolean): Call<C> {
    call.reply.beginStream();
    this.#open.set(call, isPublic);
    call.onEnd = () => this.#open.delete(call);
    if (this.#endReason !== undefined) {
      call.abort(this.#endReason);
    }
    const retirement = isPublic ? undefined : this.#retirements.get(call.exchange.connection);
    if (retirement !== undefined) {
      this.#endLater(call, retirement);
    }
    return call;
  }

  /** Ends all of them, and those that begin later. */
  endAll(reason: ConnectError): void {
    this.#endReason = reason;
    for (const call of this.#open.keys()) {
      call.abort(reason);
    }
  }

  /**
   * Ends those of a connection, after a delay; also those that begin there later, with the same delay.
   * @param connection as `HttpExchange.connection` has it
   */
  retire(connection: object, reason: ConnectError, delayMs: number): void {
    const retirement = { reason, delayMs };
    this.#retirements.set(connection, retirement);
    for (const [call, isPublic] of this.#open) {
      if (!isPublic && call.exchange.connection === connection) {
        this.#endLater(call, retirement);
      }
    }
  }

  #endLater(call: Call, { reason, delayMs }: Retirement): void {
    this.#startTimer(() => {
      if (this.#open.has(call)) {
        call.abort(reason);
      }
    }, delayMs);
  }
}
