import fc, { type IAsyncProperty, type IProperty } from "fast-check";

/** How long each property is tried. FUZZ_SECONDS=600 npx vitest run test/fuzz tries for longer. */
const budgetMs = Number(process.env["FUZZ_SECONDS"] ?? 2) * 1000;
/** What takes longer hangs. */
const caseTimeoutMs = 10_000;

/** For each test of a property: the last round may begin as the time ends. */
export const fuzzTimeoutMs = budgetMs + 60_000;

/**
 * Looks for a counterexample until the time is over; a failure prints the seed that repeats it.
 * @param numRuns cases in a round; the time is looked at after each round
 */
export async function tryToBreak<T>(
  property: IProperty<T> | IAsyncProperty<T>,
  numRuns = 100,
): Promise<void> {
  const startedAtMs = performance.now();
  do {
    // In rounds, as fast-check's own time limit would take a case that hangs for a good one.
    await fc.assert(property, { numRuns, timeout: caseTimeoutMs });
  } while (performance.now() - startedAtMs < budgetMs);
}

/** Texts that a parser may stumble over: its own words in any order, and any characters between. */
export function textOf(...words: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...words) },
    { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
    { weight: 1, arbitrary: codeUnits },
  );
  return fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
}

/** Lone surrogates included. */
const codeUnits = fc
  .array(fc.nat(0xffff), { maxLength: 4 })
  .map((units) => String.fromCharCode(...units));
