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
