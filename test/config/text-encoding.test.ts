import { describe, expect, it } from "vitest";
import { decodeUtf8, EncodingError } from "../../src/config/text-encoding.js";

function flawOf(bytes: Uint8Array) {
  try {
    decodeUtf8(bytes);
  } catch (error) {
    if (error instanceof EncodingError) {
      return error.flaw;
    }
    throw error;
  }
  return undefined;
}

const utf16 = (text: string, isBigEndian = false) => {
  const bytes = Buffer.from(text, "utf16le");
  return isBigEndian ? bytes.swap16() : bytes;
};
const yaml = "listen: { port: 80 }\nname: café\n";

describe("decodeUtf8", () => {
  it("decodes, without a byte order mark", () => {
    expect(decodeUtf8(Buffer.from(`\ufeff${yaml}`))).toBe(yaml);
    expect(decodeUtf8(Buffer.from("\ufeffa"), { keepsByteOrderMark: true })).toBe("\ufeffa");
    expect(decodeUtf8(Buffer.from(""))).toBe("");
  });

  it.each<[what: string, bytes: Uint8Array, problem: RegExp, fix: RegExp]>([
    // evcc#14314
    ["Latin-1", Buffer.from(yaml, "latin1"), /\(line 2\); it looks like Latin-1$/, /-f ISO-8859-1/],
    [
      "Windows-1252",
      Buffer.from("a: \x93b\x94", "latin1"),
      /\(line 1\); it looks like Windows-1252$/,
      /iconv -f Windows-1252 -t UTF-8/,
    ],
    ["UTF-16, marked", utf16(`\ufeff${yaml}`), /^is UTF-16 text/, /iconv -f UTF-16/],
    ["UTF-16, other bytes first", utf16(`\ufeff${yaml}`, true), /^is UTF-16 text/, /UTF-16/],
    ["UTF-16 without a mark", utf16(yaml), /^is UTF-16 text/, /UTF-16/],
    ["the same, other bytes first", utf16(yaml, true), /^is UTF-16 text/, /UTF-16/],
    ["UTF-16, partly Japanese", utf16("name: 日本語\n"), /^is UTF-16 text/, /UTF-16/],
    ["UTF-32", Buffer.from("fffe00006100000062000000", "hex"), /^is UTF-32 text/, /UTF-32/],
    ["random bytes", Buffer.from("8f01ff00c3", "hex"), /^is binary data/, /right file/],
    ["a cut character", Buffer.from("efbf", "hex"), /^is not UTF-8 text \(line 1\)/, /UTF-8/],
  ])("refuses %s by its name", (_, bytes, problem, fix) => {
    expect(flawOf(bytes)).toEqual({
      problem: expect.stringMatching(problem),
      fix: expect.stringMatching(fix),
    });
  });

  it("leaves zero bytes in UTF-8 to those who read it", () => {
    expect(decodeUtf8(Buffer.from("a\0bcdefghij"))).toBe("a\0bcdefghij");
  });
});
