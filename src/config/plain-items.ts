import { findFirstValue, readPlainField } from "./plain-field.js";
import { YamlBlockList } from "./yaml-block-list.js";

/** An item of a list that is a mapping of simple texts. */
export type PlainItem = Readonly<Record<string, string>>;

/** A YAML text, taken apart into the plain items of a list and what is left of the text. */
export interface PlainItems {
  /** In the order of the list; undefined for an item that is left in the text. */
  readonly items: readonly (PlainItem | undefined)[];
  /**
   * The text without the lines of plain items. Its list holds the items that are left; behind each,
   * one item takes the place of the plain ones that ended it.
   */
  readonly rest: string;
  /** The index in the list of each item of the rest. */
  readonly remaining: readonly number[];
  /** Where a line of the rest was in the text; both are counted from 1. */
  findLine(restLine: number): number;
}

/**
 * Takes the plain items out of a block list under a top-level key, as fast as a text can be read. An
 * item is plain when the YAML parser would make the same of it, whatever surrounds it: texts without
 * escapes, anchors, or line breaks, one to a line, under different keys.
 *
 * @param key letters only; must be the first key of the text
 * @returns undefined when the text does not begin with such a list, or has more items
 */
export function takePlainItems(
  text: string,
  key: string,
  maxItems: number,
): PlainItems | undefined {
  const offset = findFirstValue(text, key);
  const list = offset === undefined ? undefined : new YamlBlockList(text, offset);
  if (list === undefined || !list.isItem(list.start)) {
    return undefined;
  }
  const items: (PlainItem | undefined)[] = [];
  const remaining: number[] = [];
  const rest = new RestOfText(text);
  rest.keepUpTo(list.start);
  for (let at = list.start; list.isItem(at); ) {
    if (items.length === maxItems) {
      return undefined;
    }
    const plain = readPlainItem(text, list, at);
    at = plain?.end ?? list.findItemEnd(at);
    if (plain === undefined) {
      rest.keepUpTo(at);
      remaining.push(items.length);
    } else if (items.length > 0 && items.at(-1) === undefined) {
      // With quotes that end a text which has lost its own.
      rest.replaceUpTo(at, `${list.indent}- ["", '']\n`);
      remaining.push(items.length);
    } else {
      rest.cutUpTo(at);
    }
    items.push(plain?.item);
  }
  rest.keepUpTo(text.length);
  return { items, rest: rest.text, remaining, findLine: (line) => rest.findLine(line) };
}

/** @returns undefined when the item that begins at this offset is not plain */
function readPlainItem(
  text: string,
  list: YamlBlockList,
  offset: number,
): { readonly item: PlainItem; readonly end: number } | undefined {
  const item: Record<string, string> = {};
  let column: number | undefined;
  let at = offset;
  do {
    const field = readPlainField(text, at);
    if (
      field === undefined ||
      field.beginsItem !== (column === undefined) ||
      field.column !== (column ?? field.column) ||
      Object.hasOwn(item, field.name)
    ) {
      return undefined;
    }
    column = field.column;
    item[field.name] = field.value;
    at = list.skipEmptyLines(field.end);
  } while (!list.isItemOrEnd(at));
  return { item, end: at };
}

/** A text without some of its lines. */
class RestOfText {
  readonly #text: string;
  readonly #kept: string[] = [];
  #at = 0;
  #lineCount = 0;
  /** After how many lines of the rest how many lines are left out. */
  readonly #cuts: { readonly after: number; count: number }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#kept.join("");
  }

  keepUpTo(end: number): void {
    this.#kept.push(this.#text.slice(this.#at, end));
    this.#lineCount += this.#passLines(end);
  }

  cutUpTo(end: number): void {
    this.#cut(this.#passLines(end));
  }

  /** @param line replaces all of them, and ends with a line break */
  replaceUpTo(end: number, line: string): void {
    this.#kept.push(line);
    this.#lineCount += 1;
    this.#cut(this.#passLines(end) - 1);
  }

  findLine(line: number): number {
    return this.#cuts.reduce((sum, { after, count }) => sum + (line > after ? count : 0), line);
  }

  #cut(count: number): void {
    const last = this.#cuts.at(-1);
    if (last?.after === this.#lineCount) {
      last.count += count;
    } else {
      this.#cuts.push({ after: this.#lineCount, count });
    }
  }

  #passLines(end: number): number {
    let count = 0;
    for (let at = this.#text.indexOf("\n", this.#at); at !== -1 && at < end; ) {
      count += 1;
      at = this.#text.indexOf("\n", at + 1);
    }
    this.#at = end;
    return count;
  }
}
