import { parseJsonText } from "./json-text.js";
import { type PlainItem, type PlainItems, takePlainItems } from "./plain-items.js";
import { isRecord } from "./value-text.js";
import { YamlTextError } from "./yaml-faults.js";
import { parseYamlText } from "./yaml-text.js";

/**
 * As {@link parseYamlText}, for a text that is mostly a list of small mappings under one key. It takes
 * a twentieth of the time where these are JSON, or are written in the common way: a text to a line.
 *
 * @param key of the list, letters only
 * @param maxParts as of {@link parseYamlText}, where what is written in the common way counts little
 * @throws YamlTextError with what is wrong, but nothing of the text
 */
export function parseYamlList(text: string, key: string, maxParts: number): unknown {
  const json = parseJsonText(text);
  if (json !== undefined) {
    return json;
  }
  const plain = takePlainItems(text, key, maxParts);
  if (plain === undefined) {
    return parseYamlText(text, maxParts);
  }
  let rest: unknown;
  try {
    rest = parseYamlText(plain.rest, maxParts);
  } catch (error) {
    return judge(text, maxParts, plain, error);
  }
  return join(plain, rest, key) ?? parseYamlText(text, maxParts);
}

/** @returns undefined when the parts do not fit together: the key comes twice, for instance */
function join({ items, remaining }: PlainItems, rest: unknown, key: string): object | undefined {
  if (!isRecord(rest)) {
    return undefined;
  }
  const values = rest[key] ?? [];
  if (!Array.isArray(values) || values.length !== remaining.length) {
    return undefined;
  }
  const list: (PlainItem | undefined)[] = [...items];
  for (const [order, index] of remaining.entries()) {
    list[index] ??= values[order];
  }
  return { ...rest, [key]: list };
}

/**
 * Says what is wrong with a text whose rest is no YAML. The whole text says it best, unless it is too
 * large for that.
 */
function judge(text: string, maxParts: number, { findLine }: PlainItems, error: unknown): unknown {
  try {
    return parseYamlText(text, maxParts);
  } catch (wholeError) {
    if (
      !(error instanceof YamlTextError) ||
      !(wholeError instanceof YamlTextError && wholeError.isTooLarge)
    ) {
      throw wholeError;
    }
    const faults = error.faults.map((fault) => ({ ...fault, line: findLine(fault.line) }));
    throw new YamlTextError(faults, error.omittedCount);
  }
}
