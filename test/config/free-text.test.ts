import { describe, expect, it } from "vitest";
import { findTextFlaw } from "../../src/config/free-text.js";

const secret = "s3cr3t";

/** Each stands for a class; every source of a free text is checked by this function. */
const flawed: [what: string, text: string, problem: RegExp, fix: RegExp][] = [
  ["a byte order mark", `\ufeff${secret}`, /^begins with a byte order mark/, /UTF-8 without/],
  [
    "a byte order mark inside",
    `a\ufeff${secret}`,
    /byte order mark U\+FEFF at character 2/,
    /UTF-8/,
  ],
  ["UTF-16 read as bytes", [...secret].join("\0"), /U\+0000, as text in UTF-16/, /UTF-8/],
  // cli/cli#13588, docker/cli#3630
  [
    "a carriage return at the end",
    `${secret}\r`,
    /carriage return U\+000D at char.* 7/,
    /Unix line/,
  ],
  ["lines of Windows", `${secret}\r\n${secret}`, /carriage return/, /Unix line/],
  ["a second line", `${secret}\nmore`, /line break U\+000A at character 7/, /one line/],
  ["a second line break", `${secret}\n`, /line break/, /one line/],
  ["a space at the end", `${secret} `, /^ends with white space \(U\+0020\)/, /Remove/],
  ["a space at the beginning", ` ${secret}`, /^begins with white space \(U\+0020\)/, /Remove/],
  ["white space only", " ", /white space/, /Remove/],
  ["a tab at the end", `${secret}\t`, /^ends with white space \(U\+0009\)/, /Remove/],
  ["a no-break space", `${secret}\u00a0`, /^ends with white space \(U\+00A0\)/, /Remove/],
  ["an ideographic space", `\u3000${secret}`, /^begins with white space \(U\+3000\)/, /Remove/],
  ["a line separator", `${secret}\u2028`, /^ends with white space \(U\+2028\)/, /Remove/],
  ["NEL", `${secret}\u0085`, /^ends with white space \(U\+0085\)/, /Remove/],
  [
    "a zero-width space",
    `${secret}\u200b`,
    /^ends with an invisible character \(U\+200B\)/,
    /Remove/,
  ],
  ["a word joiner", `\u2060${secret}`, /^begins with an invisible character \(U\+2060\)/, /Remove/],
  ["a Hangul filler", `${secret}\u3164`, /^ends with white space \(U\+3164\)/, /Remove/],
  ["a zero-width space inside", `a\u200bb`, /invisible character U\+200B at character 2/, /Remove/],
  ["a soft hyphen", `a\u00adb`, /invisible character U\+00AD/, /Remove/],
  ["a change of direction", `a\u202eb`, /invisible character U\+202E/, /Remove/],
  ["a paragraph separator inside", `a\u2029b`, /control character U\+2029/, /Remove/],
  ["a bell", `a\u0007b`, /control character U\+0007 at character 2/, /Remove/],
  ["a tab inside", "a\tb", /control character U\+0009/, /Remove/],
  ["DEL", "a\u007fb", /control character U\+007F/, /Remove/],
  ["a C1 control", "a\u009bb", /control character U\+009B/, /Remove/],
  ["half a pair", "a\ud800b", /surrogate pair, U\+D800/, /UTF-8/],
  ["what a wrong encoding left", "caf\ufffd", /could not be decoded, U\+FFFD/, /UTF-8/],
  ["double quotes", `"${secret}"`, /^is in quotes \("…"\)/, /Docker/],
  ["single quotes", `'${secret}'`, /^is in quotes \('…'\)/, /Docker/],
  ["backticks", `\`${secret}\``, /^is in quotes/, /Remove/],
  ["typographic quotes", `“${secret}”`, /^is in quotes \(“…”\)/, /Remove/],
  ["single typographic quotes", `‘${secret}’`, /^is in quotes/, /Remove/],
  ["low quotes", `„${secret}“`, /^is in quotes/, /Remove/],
  ["guillemets", `«${secret}»`, /^is in quotes/, /Remove/],
  ["corner brackets", `「${secret}」`, /^is in quotes/, /Remove/],
  ["nothing but quotes", '""', /^is in quotes/, /Remove/],
];

describe("findTextFlaw", () => {
  it.each(flawed)("finds %s, and quotes nothing", (_, text, problem, fix) => {
    const flaw = findTextFlaw(text);
    expect(flaw).toEqual({
      problem: expect.stringMatching(problem),
      fix: expect.stringMatching(fix),
    });
    expect(JSON.stringify(flaw)).not.toContain(secret);
  });

  it.each([
    "a",
    "a b",
    'a"b',
    'say "a"',
    "it's",
    "`",
    "ünï cödé",
    "日本語",
    "❤️",
    "👍🏽",
    "Pässwörter enden nie!",
    "/+=",
    "back\\slash\\n",
    "https://login.example.com/realms/a b",
  ])("takes %j as it is", (text) => {
    expect(findTextFlaw(text)).toBeUndefined();
  });
});
