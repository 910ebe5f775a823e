import { closest, distance } from "fastest-levenshtein";

/** More slips of the finger than these make another name. */
const maxSlips = 3;

/** The known name that was probably meant; undefined where none is near. */
export function findNearName(given: string, known: readonly string[]): string | undefined {
  const nearest = closest(given, [...known]);
  return given !== "" && distance(given.toLowerCase(), nearest.toLowerCase()) <= maxSlips
    ? nearest
    : undefined;
}

/** The fix of a name that is not known. */
export function suggest(given: string, known: readonly string[]): string {
  const near = findNearName(given, known);
  return near === undefined ? `Use one of: ${known.join(", ")}` : `Did you mean ${near}?`;
}
