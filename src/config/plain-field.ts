/** A line of YAML with one key and one text. */
export interface PlainField {
  /** Whether a dash before the key begins an item of a list. */
  readonly beginsItem: boolean;
  /** How many characters are before the key. */
  readonly column: number;
  readonly name: string;
  readonly value: string;
  /** Where the next line begins. */
  readonly end: number;
}

const endOfLine = " *(?: #.*)?\\r?(?:\\n|$)";
const emptyLines = "(?: *(?:#.*)?\\r?\\n)*";
/** No escapes, and no characters that YAML could take for a break of the line. */
const inQuotes = "[^\\0-\\x1f\"'\\\\\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ud800-\\udfff]*";
/** Colons only inside of a word, and no signs that mean something in YAML. */
const inPlain = "[A-Za-z0-9][\\w.@/+-]*(?:[ :][\\w.@/+-]+)*";
const field = new RegExp(
  `( *)(- +)?([A-Za-z][A-Za-z0-9]*): +(?:"(${inQuotes})"|'(${inQuotes})'|(${inPlain}))${endOfLine}`,
  "y",
);
/** What YAML's core schema takes for something else than text. */
const notText =
  /^(?:null|Null|NULL|true|True|TRUE|false|False|FALSE|0o[0-7]+|0x[0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)$/;

/**
 * Reads the line that begins at an offset.
 * @returns undefined when it is written in a way that only the YAML parser understands
 */
export function readPlainField(text: string, offset: number): PlainField | undefined {
  field.lastIndex = offset;
  const match = field.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, spaces = "", dash = "", name = "", double, single, plain] = match;
  if (plain !== undefined && notText.test(plain)) {
    return undefined;
  }
  return {
    beginsItem: dash !== "",
    column: spaces.length + dash.length,
    name,
    value: double ?? single ?? plain ?? "",
    end: field.lastIndex,
  };
}

/**
 * Finds the value of a key that is the first of a text.
 *
 * @param key letters only
 * @returns the offset of the line behind it; undefined when the text begins with something else
 */
export function findFirstValue(text: string, key: string): number | undefined {
  const header = new RegExp(
    `${emptyLines}(?:---${endOfLine}${emptyLines})?${key}:${endOfLine}`,
    "y",
  );
  return header.test(text) ? header.lastIndex : undefined;
}
