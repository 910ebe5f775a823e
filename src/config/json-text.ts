/** A list of flat mappings, under a key, takes four levels. */
const maxDepth = 4;
/** Every string of a JSON text, with the colon that makes it a key. */
const strings = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g;

/**
 * Parses a JSON text, which is a YAML text too (YAML 1.2 section 1.3), in a fraction of the time.
 *
 * @returns undefined when the text is no JSON object, or says what the YAML parser is to judge: a key
 *   twice in one object, or more than four levels
 */
export function parseJsonText(text: string): object | undefined {
  if (!/^\s*\{/.test(text)) {
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Of a key that comes twice, the first one is lost.
  return value instanceof Object && countKeys(value, maxDepth) === countWrittenKeys(text)
    ? value
    : undefined;
}

/** @returns NaN when there are more levels */
function countKeys(value: unknown, levels: number): number {
  if (!(value instanceof Object)) {
    return 0;
  }
  if (levels === 0) {
    return Number.NaN;
  }
  const inner = Object.values(value);
  return inner.reduce<number>(
    (count, each) => count + countKeys(each, levels - 1),
    Array.isArray(value) ? 0 : inner.length,
  );
}

function countWrittenKeys(text: string): number {
  let count = 0;
  for (const [, colon] of text.matchAll(strings)) {
    count += colon === undefined ? 0 : 1;
  }
  return count;
}
