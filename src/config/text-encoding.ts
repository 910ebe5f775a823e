import type { TextFlaw } from "./free-text.js";

/** The content of a file is not UTF-8 text. */
export class EncodingError extends Error {
  override readonly name = "EncodingError";

  /** @param flaw names the encoding that the file seems to have */
  constructor(readonly flaw: TextFlaw) {
    super(flaw.problem);
  }
}

export interface DecodeOptions {
  /** Whether a byte order mark at the start stays; it is skipped otherwise. */
  readonly keepsByteOrderMark?: boolean;
}

/**
 * Decodes UTF-8.
 * @throws EncodingError when the bytes are something else, such as UTF-16 or Latin-1
 */
export function decodeUtf8(
  bytes: Uint8Array,
  { keepsByteOrderMark = false }: DecodeOptions = {},
): string {
  const wide = findWideEncoding(bytes);
  if (wide !== undefined) {
    throw new EncodingError({ problem: `is ${wide} text, not UTF-8`, fix: adviseFor(wide) });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: keepsByteOrderMark }).decode(bytes);
  } catch {
    throw new EncodingError(describeBytes(bytes));
  }
}

/** By the byte order mark, or by the zero bytes between ASCII characters. */
function findWideEncoding(bytes: Uint8Array): "UTF-16" | "UTF-32" | undefined {
  const head = Buffer.from(bytes.subarray(0, 4)).toString("hex");
  if (/^(fffe0000|0000feff)/.test(head)) {
    return "UTF-32";
  }
  if (/^(fffe|feff)/.test(head)) {
    return "UTF-16";
  }
  return /^(00[0-7][^0]|[0-7].00)/.test(head) && hasZeroBytes(bytes) ? "UTF-16" : undefined;
}

/** Whether more than every second one of the high bytes of UTF-16 would be zero. */
function hasZeroBytes(bytes: Uint8Array): boolean {
  const first = bytes[0] === 0 ? 0 : 1;
  const zeroes = bytes.filter((byte, index) => byte === 0 && index % 2 === first);
  return zeroes.length * 4 > bytes.length;
}

function describeBytes(bytes: Uint8Array): TextFlaw {
  if (bytes.some(isControl)) {
    return { problem: "is binary data, not UTF-8 text", fix: "Check that it is the right file" };
  }
  // Windows-1252 has letters and quotes where Latin-1 has control characters.
  const encoding = bytes.some((byte) => byte >= 0x80 && byte < 0xa0) ? "Windows-1252" : "Latin-1";
  return {
    problem: `is not UTF-8 text${findLine(bytes)}; it looks like ${encoding}`,
    fix: adviseFor(encoding),
  };
}

function isControl(byte: number): boolean {
  return (byte < 0x20 && ![0x09, 0x0a, 0x0d].includes(byte)) || byte === 0x7f;
}

/** Says where the first bad bytes are: everything before them is the same after decoding. */
function findLine(bytes: Uint8Array): string {
  const again = Buffer.from(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  const offset = again.findIndex((byte, index) => byte !== bytes[index]);
  const line = again.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1;
  return ` (line ${line})`;
}

function adviseFor(encoding: string): string {
  return `Save it as UTF-8, for example with: iconv -f ${encoding === "Latin-1" ? "ISO-8859-1" : encoding} -t UTF-8 FILE`;
}
