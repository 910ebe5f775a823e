import { readdirSync } from "node:fs";

/**
 * The environment in which a program's clock is ahead of the real time by so many seconds, or behind:
 * Debian's libfaketime stands between the program and the system.
 */
export function shiftClock(aheadSeconds: number): Record<string, string> {
  return {
    LD_PRELOAD: findLibrary(),
    FAKETIME: `${aheadSeconds < 0 ? "-" : "+"}${Math.abs(aheadSeconds)}`,
    // Timers and time-outs go by this one.
    DONT_FAKE_MONOTONIC: "1",
  };
}

/** Its directory is named after the processor's architecture. */
function findLibrary(): string {
  const [architecture] = readdirSync("/usr/lib").filter((name) => name.endsWith("-linux-gnu"));
  return `/usr/lib/${architecture}/faketime/libfaketimeMT.so.1`;
}
