import { once } from "node:events";

/**
 * Settles with the name of the first SIGTERM or SIGINT. Later ones change nothing: the stop is
 * bounded in time as it is.
 */
export function watchStopSignal(): Promise<string> {
  const names = ["SIGTERM", "SIGINT"];
  const first = Promise.race(names.map((name) => once(process, name).then(() => name)));
  for (const name of names) {
    process.on(name, () => {});
  }
  return first;
}
