/** UTF-16 code units. */
const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const hash = 35;
const dash = 45;

/** The lines of a list in YAML's block style: where its items begin, and where it ends. */
export class YamlBlockList {
  /** Where the first item begins. */
  readonly start: number;
  /** What lines that begin an item have before the dash. */
  readonly indent: string;
  readonly #text: string;

  /** @param offset of a line from where on the first item is expected */
  constructor(text: string, offset: number) {
    this.#text = text;
    this.start = this.skipEmptyLines(offset);
    this.indent = " ".repeat(this.#countSpaces(this.start));
  }

  /** Whether an item begins with the line at this offset. */
  isItem(offset: number): boolean {
    const dashAt = offset + this.indent.length;
    if (this.#text.charCodeAt(dashAt) !== dash || !this.#text.startsWith(this.indent, offset)) {
      return false;
    }
    const after = this.#text.charCodeAt(dashAt + 1);
    return after === space || after === lineFeed || after === carriageReturn || Number.isNaN(after);
  }

  /** Whether the item before is over with the line at this offset, which is not empty. */
  isItemOrEnd(offset: number): boolean {
    return (
      offset >= this.#text.length ||
      this.isItem(offset) ||
      this.#countSpaces(offset) <= this.indent.length
    );
  }

  /** Where the item that begins at this offset is over. */
  findItemEnd(offset: number): number {
    let at = offset;
    do {
      const lineEnd = this.#text.indexOf("\n", at);
      at = this.skipEmptyLines(lineEnd === -1 ? this.#text.length : lineEnd + 1);
    } while (!this.isItemOrEnd(at));
    return at;
  }

  /** Where the next line begins that is neither empty nor a comment; the text's length if none is. */
  skipEmptyLines(offset: number): number {
    let at = offset;
    while (true) {
      const end = at + this.#countSpaces(at);
      const code = this.#text.charCodeAt(end);
      if (code === hash) {
        const lineEnd = this.#text.indexOf("\n", end);
        at = lineEnd === -1 ? this.#text.length : lineEnd + 1;
      } else if (code === lineFeed) {
        at = end + 1;
      } else if (code === carriageReturn && this.#text.charCodeAt(end + 1) === lineFeed) {
        at = end + 2;
      } else {
        return Number.isNaN(code) ? end : at;
      }
    }
  }

  #countSpaces(offset: number): number {
    let end = offset;
    while (this.#text.charCodeAt(end) === space) {
      end += 1;
    }
    return end - offset;
  }
}
