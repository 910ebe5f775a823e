import fc, { type IAsyncProperty, type IProperty } from "fast-check";

/** How long each property is tried. FUZZ_SECONDS=600 npx vitest run test/fuzz tries for longer. */
const budgetSeconds = Number(process.env["FUZZ_SECONDS"] ?? 2);

/** For each test of a property: what is being tried when the time is over may still end. */
export const fuzzTimeoutMs = budgetSeconds * 1000 + 30_000;

/** Looks for a counterexample until the time is over; a failure prints the seed that repeats it. */
export async function tryToBreak<T>(property: IProperty<T> | IAsyncProperty<T>): Promise<void> {
  await fc.assert(property, {
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: budgetSeconds * 1000,
  });
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
export const codeUnits = fc
  .array(fc.nat(0xffff), { maxLength: 4 })
  .map((units) => String.fromCharCode(...units));
