/** Unix time in seconds, without their fraction, as `2026-11-25T13:20:00Z`. */
export function printTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}
