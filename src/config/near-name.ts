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
