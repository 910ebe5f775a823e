import { closest, distance } from "fastest-levenshtein";

/**
 * The known name that was probably meant; undefined if none is near.
 *
 * @param maxSlips the largest number of typing errors; by default one for three characters, up to 3
 */
export function findNearName(
  given: string,
  known: readonly string[],
  maxSlips = Math.min(3, Math.ceil(given.length / 3)),
): string | undefined {
  const nearest = closest(given, [...known]);
  return known.length > 0 &&
    given !== "" &&
    distance(given.toLowerCase(), nearest.toLowerCase()) <= maxSlips
    ? nearest
    : undefined;
}

/** The fix for an unknown name. */
export function suggest(given: string, known: readonly string[]): string {
  const near = findNearName(given, known);
  return near === undefined ? `Use one of: ${known.join(", ")}` : `Did you mean ${near}?`;
}
