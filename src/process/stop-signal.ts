/** 128 and the number of SIGINT, as shells report it. */
const interruptedExitCode = 130;

export interface StopSignalOptions {
  /** Signals that stop the program, besides SIGTERM and SIGINT. */
  readonly others?: readonly NodeJS.Signals[];
}

/** Signals that stop this process. */
export interface StopSignals {
  /** Settles with the name of the first signal. Never rejects. */
  readonly first: Promise<string>;
  /** Aborted by the first signal. */
  readonly stopping: AbortSignal;
  /** Called before a second SIGINT ends this process, and must not wait for anything. */
  onAbort: () => void;
}

/**
 * Handles stop signals for the rest of this process's life, so call it before anything slow. The
 * first signal asks for a graceful stop, which is bounded in time. Later ones change nothing, except
 * that a second SIGINT ends the process at once: it comes from a person who does not want to wait.
 */
export function watchStopSignals({ others = [] }: StopSignalOptions = {}): StopSignals {
  const controller = new AbortController();
  let settle: (name: string) => void = () => {};
  const first = new Promise<string>((resolve) => {
    settle = (name) => {
      resolve(name);
      controller.abort();
    };
  });
  const signals: StopSignals = { first, stopping: controller.signal, onAbort: () => {} };
  for (const name of ["SIGTERM", ...others] as const) {
    replaceListeners(name, () => settle(name));
  }
  let interrupted = false;
  process.on("SIGINT", () => {
    if (interrupted) {
      signals.onAbort();
      process.exit(interruptedExitCode);
    }
    interrupted = true;
    settle("SIGINT");
  });
  return signals;
}

/**
 * Handles stop signals in a worker. Ctrl-C reaches every process of a terminal, but only the primary
 * decides what it means: it sends SIGTERM for a stop, and SIGKILL at a second SIGINT.
 * @returns settles with `SIGTERM`; later ones change nothing
 */
export function watchWorkerStopSignal(): Promise<string> {
  process.on("SIGINT", () => {});
  return new Promise((resolve) => {
    replaceListeners("SIGTERM", resolve);
  });
}

/**
 * Replaces main.ts, whose listener would end the process at once. The new one comes first: a
 * signal that is on its way would be lost if there were none for a moment.
 */
function replaceListeners(name: NodeJS.Signals, listener: NodeJS.SignalsListener): void {
  const earlier = process.listeners(name);
  process.on(name, listener);
  for (const each of earlier) {
    process.off(name, each);
  }
}
