import { setTimeout as sleep } from "node:timers/promises";

/** Closes one part; resolves to false where it did not end well. */
type Close = () => Promise<unknown> | unknown;

/** How long a start that a stop signal overtakes may take to finish, so that it can be undone in order. */
const startGraceMs = 2_000;

/**
 * What a command has opened so far. A part is added as soon as it is open, so that a later step that
 * fails, or a stop signal, leaves nothing behind.
 */
export class OpenedParts {
  readonly #closers: Close[] = [];

  /** @param close bounded in time; called once, at most */
  add(close: Close): void {
    this.#closers.push(close);
  }

  /**
   * Closes every part, the last one first. Goes on when one cannot be closed.
   * @returns whether all ended well
   * @throws the first error
   */
  async close(): Promise<boolean> {
    const errors: unknown[] = [];
    let endedWell = true;
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        endedWell = (await close()) !== false && endedWell;
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) {
      throw errors[0];
    }
    return endedWell;
  }
}

/**
 * Waits for a start, but not much longer once a signal asks to stop: what is slow to start must not
 * hold up the end.
 *
 * @returns undefined when the signal came first, and the start has failed or was not over 2 s later
 * @throws what the start throws, if that comes first
 */
export async function startUnlessStopped<T>(
  start: Promise<T>,
  stopSignal: Promise<unknown>,
): Promise<T | undefined> {
  const first = await Promise.race([
    start.then((started) => ({ started })),
    stopSignal.then(() => undefined),
  ]);
  if (first !== undefined) {
    return first.started;
  }
  return Promise.race([start.catch(() => undefined), sleep(startGraceMs).then(() => undefined)]);
}
