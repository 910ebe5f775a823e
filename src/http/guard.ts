import { type StartTimer, systemTimer } from "../clock.js";
import { describeCounter, type Metric } from "../observability/metric.js";

type Listener<This, Args extends unknown[]> = (this: This, ...args: Args) => void;

/** The part of a pino logger that a guard needs. */
interface ErrorLog {
  error(fields: object, message: string): void;
}

/**
 * Stands between Node and everything of ours that Node calls: listeners, timers, and the ends of
 * promise chains. An error that escapes one of those would end the process, and with it the calls
 * of everybody else. Here it ends only what the event was about.
 */
export class Guard {
  readonly #log: ErrorLog;
  #faults = 0;

  /** @param log gets one line with the stack for each caught error */
  constructor(log: ErrorLog) {
    this.#log = log;
  }

  describe(): Metric[] {
    return [
      describeCounter(
        "ice_unexpected_errors_total",
        "Unexpected errors. None ended more than one request or connection; the log has each stack.",
        [{ labels: {}, value: this.#faults }],
      ),
    ];
  }

  /**
   * @param listener called with what Node passes
   * @param end called with the error and the listener's arguments when the listener throws. It ends
   *   the request or the connection, and returns true if it has logged the error.
   * @returns a function that never throws
   */
  wrap<This, Args extends unknown[]>(
    listener: Listener<This, Args>,
    end: (error: unknown, ...args: Args) => unknown,
  ): Listener<This, Args> {
    const guard = this;
    return function (...args) {
      try {
        listener.apply(this, args);
      } catch (error) {
        guard.take(error, () => end(error, ...args));
      }
    };
  }

  /** {@link systemTimer} for callbacks that may throw. */
  readonly startTimer: StartTimer = (callback, delayMs) =>
    systemTimer(this.wrap(callback, endNothing), delayMs);

  /**
   * Takes an error that {@link wrap} would have caught, from a listener that catches its errors itself.
   * @param end ends what the event was about, and returns true if it has logged the error
   */
  take(error: unknown, end: () => unknown): void {
    this.#faults += 1;
    let isLogged = false;
    try {
      isLogged = end() === true;
    } catch (endError) {
      this.#report(endError);
    }
    if (!isLogged) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    try {
      this.#log.error({ err: error }, "unexpected error");
    } catch {
      // The log fails too. The error has been counted.
    }
  }
}

/** For the end of a promise chain: hands its error to the guard. */
export function rethrow(error: unknown): never {
  throw error;
}

/** For timers of the process, and for listeners whose subject has ended already. */
export function endNothing(): void {}
