import { printValue } from "../config/value-text.js";

/** Issuers and audiences are longer than most values; the end is where they differ. */
const maxShownLength = 200;
/** Of a list that a token or a configuration holds. */
const maxShownEntries = 5;

/**
 * How the audience of a verified token differs from the configured one.
 * @param claim the one that names it
 * @param found as the token has it
 */
export function describeAudienceMismatch(
  claim: string,
  found: unknown,
  audience: readonly string[],
): string {
  const expected = printClaims(audience);
  if (found === undefined) {
    return `the token has no ${claim}, which must contain one of ${expected}`;
  }
  const values = (Array.isArray(found) ? found : [found]).map((value: unknown) =>
    typeof value === "string" ? value : JSON.stringify(value),
  );
  return `the token's ${claim} (${printClaims(values)}) contains none of ${expected}`;
}

/** Values that the log compares, such as those of a token with the configured ones. */
export function printClaims(values: readonly string[]): string {
  const shown = values.slice(0, maxShownEntries).map(printClaim).join(", ");
  const omitted = values.length - maxShownEntries;
  return omitted > 0 ? `${shown}, and ${omitted} more` : shown || "none";
}

export function printClaim(text: string): string {
  return printValue(text, maxShownLength);
}
