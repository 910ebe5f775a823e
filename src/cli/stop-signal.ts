import { once } from "node:events";

/**
 * Settles with the name of the first SIGTERM or SIGINT, or other signal that is to stop. Later ones change nothing: the stop is
 * bounded in time as it is.
 */
export function watchStopSignal(others: readonly NodeJS.Signals[] = []): Promise<string> {
  const names = ["SIGTERM", "SIGINT", ...others];
  const first = Promise.race(names.map((name) => once(process, name).then(() => name)));
  for (const name of names) {
    process.on(name, () => {});
  }
  return first;
}
