import { type Composer, LineCounter } from "yaml";
import { maxShownProblems } from "../errors.js";

/** The code for a text that exceeds the limits. */
export const tooLarge = "TOO_LARGE";

/** A fault at one place of a text. */
export interface YamlFault {
  /** From 1. */
  readonly line: number;
  /** In UTF-16 code units, from 1. */
  readonly column: number;
  /** Such as `BAD_INDENT`, of the `yaml` library or of our own. */
  readonly code: string;
  /** In words. Quotes nothing of the text, which may contain a secret. */
  readonly message: string;
}

/** A text is not YAML, or exceeds the limits. */
export class YamlTextError extends Error {
  override readonly name = "YamlTextError";

  /**
   * @param faults the first 20
   * @param omittedCount how many more there are
   */
  constructor(
    readonly faults: readonly YamlFault[],
    readonly omittedCount: number,
  ) {
    super(`${faults.length + omittedCount} faults in a YAML text`);
  }

  /** Whether a part of the text was not read. */
  get isTooLarge(): boolean {
    return this.faults.some(({ code }) => code === tooLarge);
  }
}

/** Where the library's messages repeat the text: after a colon, in quotes, or as an escape. */
const quotedText = /(?<=[\w)]): .*|\s*".*|(?<=escape sequence) .*/s;

/** Collects the faults of one text, which can have as many as it has characters. */
export class YamlFaults {
  /** Must be called with the offset of each line's beginning. */
  readonly lineCounter = new LineCounter();
  readonly #places: { readonly offset: number; readonly code: string; readonly message: string }[] =
    [];
  #omittedCount = 0;

  add(offset: number, code: string, message: string): void {
    if (this.#places.length < maxShownProblems) {
      this.#places.push({ offset, code, message: message.replace(quotedText, "") });
    } else {
      this.#omittedCount += 1;
    }
  }

  /**
   * Makes a composer report here. It would create an error with a stack for each fault, which takes
   * seconds and hundreds of megabytes for a million faults.
   */
  listenTo(composer: Composer): void {
    const onError: ComposeListener = (source, code, message, isWarning) => {
      if (isWarning !== true) {
        this.add(readOffset(source), code, message);
      }
    };
    Reflect.set(composer, "onError", onError);
  }

  /** @throws YamlTextError when there are any */
  throwIfAny(): void {
    if (this.#places.length === 0) {
      return;
    }
    const faults = this.#places.map(({ offset, code, message }) => {
      const { line, col } = this.lineCounter.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1), code, message };
    });
    throw new YamlTextError(faults, this.#omittedCount);
  }
}

type Source = number | readonly number[] | { readonly offset: number };
type ComposeListener = (source: Source, code: string, message: string, isWarning?: boolean) => void;

function readOffset(source: Source): number {
  if (typeof source === "number") {
    return source;
  }
  return "offset" in source ? source.offset : (source[0] ?? 0);
}
