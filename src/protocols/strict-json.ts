import type { JsonReadOptions, JsonWriteOptions } from "@bufbuild/protobuf";

/** What Connect's serialization takes beside the options that its types name. */
type JsonOptions = Partial<JsonReadOptions & JsonWriteOptions> & {
  readonly textDecoder: { decode(bytes?: Uint8Array): string };
};

/**
 * Rejects JSON that is not UTF-8 (RFC 8259 section 8.1). By default, replacement characters would
 * replace what is wrong, and the call would be served with another value.
 */
export const strictJson: JsonOptions = { textDecoder: new TextDecoder("utf-8", { fatal: true }) };
