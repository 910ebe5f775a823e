import { Writable } from "node:stream";
import pino from "pino";

/** A log whose lines can be looked at. */
export interface LogDouble {
  readonly logger: pino.Logger;
  /** The lines of a level so far, without level and time. */
  lines(level: string): Readonly<Record<string, unknown>>[];
}

export function createLogDouble(): LogDouble {
  const written: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const formatters = { level: (level: string) => ({ level }) };
  return {
    logger: pino({ base: null, timestamp: false, formatters }, destination),
    lines: (level) =>
      written.filter((line) => line["level"] === level).map(({ level: _, ...rest }) => rest),
  };
}
