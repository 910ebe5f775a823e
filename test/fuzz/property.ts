import fc, { type IAsyncProperty, type IProperty } from "fast-check";

/** How long each property is tried. FUZZ_SECONDS=600 npx vitest run test/fuzz tries for longer. */
const budgetMs = Number(process.env["FUZZ_SECONDS"] ?? 2) * 1000;
/** What takes longer hangs, also on a busy machine. */
const caseTimeoutMs = 60_000;

/** For each test of a property: the last round may begin as the time ends. */
export const fuzzTimeoutMs = budgetMs + 3 * caseTimeoutMs;

export interface RoundOptions {
  /** Cases in a round; the time is looked at after each round. */
  readonly numRuns?: number;
  /** Whether the counterexample is printed as it was found: what has killed a service cannot be reduced. */
  readonly endOnFailure?: boolean;
}

/** Looks for a counterexample until the time is over; a failure prints the seed that repeats it. */
export async function tryToBreak<T>(
  property: IProperty<T> | IAsyncProperty<T>,
  { numRuns = 100, endOnFailure = false }: RoundOptions = {},
): Promise<void> {
  const startedAtMs = performance.now();
  do {
    // In rounds, as fast-check's own time limit would take a case that hangs for a good one.
    await fc.assert(property, { numRuns, endOnFailure, timeout: caseTimeoutMs });
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
