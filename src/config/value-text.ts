/** Keys whose values may hold a secret, or a URL with a password. */
const secretKeys = /secret|token|key|url|redis/i;

/** A value as it is quoted in a problem: as JSON, so that it is one line, and clipped. */
export function printValue(value: string | number | boolean | null, maxShownLength = 80): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > maxShownLength
    ? `${text.slice(0, maxShownLength - 1).toWellFormed()}…`
    : text;
}

/**
 * Says that a value is of a wrong kind, such as `"yes" is not true or false`. The value is quoted
 * only where it cannot be a secret that somebody wrote in the wrong place: never text in place of a
 * list or a section, and nothing below a key that is about secrets, tokens, keys or URLs.
 *
 * @param expected what may be there, such as `boolean`
 */
export function describeWrongKind(
  path: readonly PropertyKey[],
  value: unknown,
  expected: readonly string[],
): string {
  const kinds = expected.map((name) => kindNames[name] ?? name).join(" or ");
  const mayBeSecret =
    path.some((part) => secretKeys.test(String(part))) ||
    (typeof value === "string" && expected.some((name) => /^(array|object|record)$/.test(name)));
  return isScalar(value) && !mayBeSecret
    ? `${printValue(value)} is not ${kinds}`
    : `is ${kindOf(value)}, not ${kinds}`;
}

/**
 * What to do about a value that is one level too high or too low.
 * @param expected as of {@link describeWrongKind}
 */
export function adviseOnKind(given: unknown, expected: readonly string[]): string | undefined {
  const isSectionExpected = expected.some((name) => name === "object" || name === "record");
  if (expected.includes("array") && given !== null) {
    return isRecord(given)
      ? "Write a dash before the first key of each entry"
      : "Write each entry on a line of its own, after a dash";
  }
  if (isSectionExpected && given === null) {
    return "Indent its keys below it";
  }
  if (Array.isArray(given)) {
    return isSectionExpected
      ? "Write its keys without a dash"
      : "Write it without a dash or brackets";
  }
  return isRecord(given) ? "Write its value without a key" : undefined;
}

const kindNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of keys",
  record: "a mapping of keys",
};

/** Whether a value is a mapping of keys. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function kindOf(value: unknown): string {
  if (value === null) {
    return "empty";
  }
  return Array.isArray(value) ? "a list" : (kindNames[typeof value] ?? typeof value);
}
