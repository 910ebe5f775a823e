import { usageError } from "../errors.js";

/** What is wrong with a text, without the text, which may be a secret. */
export interface TextFlaw {
  /** A phrase that follows the name of the value, such as `ends with white space (U+0020)`. */
  readonly problem: string;
  readonly fix: string;
}

/** Nearly every text: ASCII without anything to be refused, found in a fraction of the time. */
const plain = /^[!#-&(-_a-~](?:[ -~]*[!-~])?$/;
/** What begins and ends a quotation in any script, and the backtick. */
const quote = /^[\p{Pi}\p{Pf}"'`‚„＂＇「」『』]$/u;
const edgeOf = {
  begins: /^[\p{White_Space}\p{Cf}\u115f\u1160\u2800\u3164\uffa0]/u,
  ends: /[\p{White_Space}\p{Cf}\u115f\u1160\u2800\u3164\uffa0]$/u,
};
const control = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const invisible = /\p{Cf}/u;
const loneSurrogate = /\p{Cs}/u;

const removeFix = "Remove it";
const byteOrderMarkFix = "Save it as UTF-8 without a byte order mark";
const carriageReturnFix =
  "Remove it: save the file with Unix line ends, for example with `sed -i 's/\\r$//' FILE`";
const oneLineFix = "Write it on one line";
const utf16Fix = "Save it as UTF-8";
const damagedFix = "Write the characters again, and save them as UTF-8";
const quotesFix =
  "Remove them: in a secret file, an env file of Docker, and a Kubernetes Secret, quotes are part of the value";

/**
 * Finds what no free text may have, as nobody sees it or means it: a byte order mark, a carriage
 * return, a line break, white space at an edge, control and invisible characters, characters that a
 * wrong encoding has destroyed, and quotes around the whole. To remove it silently would change a
 * secret that is in use elsewhere.
 *
 * @param text not empty
 * @returns undefined for a good text
 */
export function findTextFlaw(text: string): TextFlaw | undefined {
  if (plain.test(text)) {
    return undefined;
  }
  return (
    findLineFlaw(text) ??
    findEdgeFlaw(text) ??
    findCharacter(text, control, "the control character", removeFix) ??
    findCharacter(text, invisible, "the invisible character", removeFix) ??
    findCharacter(text, loneSurrogate, "half of a surrogate pair,", damagedFix) ??
    findCharacter(text, /\ufffd/u, "a character that could not be decoded,", damagedFix) ??
    findQuotes(text)
  );
}

/**
 * Refuses a value that is no key of a configuration, such as that of an option.
 * @throws ConfigError that blames the option
 */
export function refuseFlaw(option: string, text: string): void {
  const flaw = findTextFlaw(text);
  if (flaw !== undefined) {
    throw usageError(option, flaw.problem, flaw.fix);
  }
}

/** What files of other systems bring along, or files with more than the value. */
function findLineFlaw(text: string): TextFlaw | undefined {
  if (text.startsWith("\ufeff")) {
    return { problem: "begins with a byte order mark (U+FEFF)", fix: byteOrderMarkFix };
  }
  if (text.includes("\0")) {
    return { problem: "contains U+0000, as text in UTF-16 does", fix: utf16Fix };
  }
  return (
    findCharacter(text, /\ufeff/u, "a byte order mark", byteOrderMarkFix) ??
    findCharacter(text, /\r/u, "a carriage return", carriageReturnFix) ??
    findCharacter(text, /\n/u, "a line break", oneLineFix)
  );
}

function findEdgeFlaw(text: string): TextFlaw | undefined {
  for (const [verb, edge] of Object.entries(edgeOf)) {
    const character = edge.exec(text)?.[0];
    if (character !== undefined) {
      const kind = invisible.test(character) ? "an invisible character" : "white space";
      return { problem: `${verb} with ${kind} (${printCode(character)})`, fix: removeFix };
    }
  }
  return undefined;
}

function findCharacter(
  text: string,
  pattern: RegExp,
  name: string,
  fix: string,
): TextFlaw | undefined {
  const found = pattern.exec(text);
  return found === null
    ? undefined
    : { problem: `contains ${name} ${printCode(found[0])} at character ${found.index + 1}`, fix };
}

function findQuotes(text: string): TextFlaw | undefined {
  const [first = "", ...others] = text;
  const last = others.at(-1) ?? "";
  return quote.test(first) && quote.test(last)
    ? { problem: `is in quotes (${first}…${last})`, fix: quotesFix }
    : undefined;
}

function printCode(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
