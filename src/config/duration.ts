import type { Kind } from "./kind.js";

const units = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;

/**
 * Reads a duration such as `24h`, `90m`, `3600s`, `1d` or `1h30m`, units in falling order.
 * @returns seconds, or undefined where the text is none
 */
export function parseDuration(text: string): number | undefined {
  const found = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/.exec(text);
  if (text === "" || found === null) {
    return undefined;
  }
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = found;
  return (
    Number(days) * units.d + Number(hours) * units.h + Number(minutes) * units.m + Number(seconds)
  );
}

/** Prints seconds in the largest unit that divides them: 86400 is `24h`, 90 is `90s`. */
export function printDuration(seconds: number): string {
  const unit = (["h", "m"] as const).find(
    (name) => seconds >= units[name] && seconds % units[name] === 0,
  );
  return unit === undefined ? `${seconds}s` : `${seconds / units[unit]}${unit}`;
}

/** What to write instead of something without a unit. */
function findExample(written: string): string {
  return /^\d+$/.test(written) ? `${written}s` : "24h, 90m or 3600s";
}

export interface DurationOptions {
  /** Both ends included, as the file would say them. */
  readonly min?: string;
  readonly max?: string;
  /** What to do about a duration out of range, such as `Write 60s, for example`. */
  readonly fix?: string;
}

/** A duration, in seconds. A bare number is a problem: it has no unit. */
export function duration({
  min = "0s",
  max,
  fix = `Write a duration from ${min} to ${max}`,
}: DurationOptions = {}): Kind<number, string, "Seconds"> {
  const minSeconds = parseDuration(min) ?? 0;
  const maxSeconds = parseDuration(max ?? "") ?? Number.POSITIVE_INFINITY;
  return {
    unit: "Seconds",
    ...(max !== undefined && { range: `${min} to ${max}` }),
    read(given, place) {
      if (typeof given !== "string" && typeof given !== "number") {
        return place.refuseKind(given, "string", "number");
      }
      if (typeof given === "number") {
        return place.refuse(`${given} is not a duration`, `Write ${findExample(String(given))}`);
      }
      const seconds = parseDuration(given);
      if (seconds === undefined) {
        return place.refuseText(given, "is not a duration", `Write ${findExample(given)}`);
      }
      return seconds < minSeconds || seconds > maxSeconds
        ? place.refuse(`is not between ${min} and ${max}`, fix)
        : seconds;
    },
    describe: printDuration,
  };
}
