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
  /** Called before a second SIGINT ends this process, and must not wait for anything. */
  onAbort: () => void;
}

/**
 * Handles stop signals for the rest of this process's life, so call it before anything slow. The
 * first signal asks for a graceful stop, which is bounded in time. Later ones change nothing, except
 * that a second SIGINT ends the process at once: it comes from a person who does not want to wait.
 */
export function watchStopSignals({ others = [] }: StopSignalOptions = {}): StopSignals {
  let settle: (name: string) => void = () => {};
  const first = new Promise<string>((resolve) => {
    settle = resolve;
  });
  const signals: StopSignals = { first, onAbort: () => {} };
  for (const name of ["SIGTERM", ...others]) {
    process.on(name, () => settle(name));
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
    process.on("SIGTERM", resolve);
  });
}
