/** The middle of the values; of an even number of them, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) {
    throw new RangeError("no median of no values");
  }
  return (lower + upper) / 2;
}

/**
 * The smallest value that at least this share of the values do not exceed (nearest rank).
 *
 * @param share above 0, at most 1: 0.99 is the 99th percentile
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  // Without the small step back, 0.999 of 1,000 would be the last one: floating point.
  const value = sorted[Math.ceil(sorted.length * share - 1e-9) - 1];
  if (value === undefined) {
    throw new RangeError(`no percentile ${share} of ${values.length} values`);
  }
  return value;
}

/**
 * Each value divided by the other list's value at the same place: one ratio a round. Rounds that only one
 * of the lists has are left out.
 */
export function divideEach(values: readonly number[], by: readonly number[]): number[] {
  return values.slice(0, by.length).map((value, index) => value / (by[index] ?? Number.NaN));
}
