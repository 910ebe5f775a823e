import type { DescMethod, JsonReadOptions, JsonWriteOptions, Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createMethodSerializationLookup } from "@connectrpc/connect/protocol";
import { UnreadableMessageError } from "../call/error-fault.js";
import { rememberLast } from "../call/remember-last.js";
import { binaryFields } from "./binary-fields.js";
import type { CodecOptions } from "./codec-options.js";
import { sealLatin1 } from "./envelope.js";
import { createFieldwiseEncoder } from "./fieldwise-encoder.js";
import { createJsonPrinter } from "./json-fields.js";

/** The largest response that protobuf and gRPC can carry. */
const writeMaxBytes = 0xffffffff;

/** What Connect's serialization takes beside the options that its types name. */
type JsonOptions = Partial<JsonReadOptions & JsonWriteOptions> & {
  readonly textDecoder: { decode(bytes?: Uint8Array): string };
};

/**
 * Rejects JSON that is not UTF-8 (RFC 8259 section 8.1). By default, replacement characters would
 * replace what is wrong, and the call would be served with another value.
 */
const strictJson: JsonOptions = { textDecoder: new TextDecoder("utf-8", { fatal: true }) };

/**
 * A method's messages in protobuf and JSON. A request of the same bytes as the one before is decoded
 * once, and an answer that is the same object is encoded once; of others, what differs from the answer before.
 */
export interface MessageCodec {
  readonly readMaxBytes: number;
  /**
   * The message is for reading only.
   * @throws UnreadableMessageError when the bytes are too many, or no such message
   */
  decode(bytes: Uint8Array, binary: boolean): Message;
  encodeBinary(message: Message): Uint8Array;
  /** The same in an envelope, not compressed. */
  sealBinary(message: Message): Uint8Array;
  encodeJson(message: Message): string;
}

export function createMessageCodec(
  method: DescMethod,
  { readMaxBytes, jsonOptions }: Pick<CodecOptions, "readMaxBytes" | "jsonOptions">,
): MessageCodec {
  const limits = { readMaxBytes, writeMaxBytes };
  const readOptions = { ...jsonOptions, ...strictJson };
  const serialization = createMethodSerializationLookup(method, undefined, readOptions, limits);
  const decodeBinary = rememberLastBytes(serialization.getI(true).parse);
  const decodeJson = rememberLastBytes(serialization.getI(false).parse);
  const encodeFields = rememberLast(createFieldwiseEncoder(method.output, binaryFields));
  return {
    readMaxBytes,
    decode(bytes, binary) {
      try {
        return binary ? decodeBinary(bytes) : decodeJson(bytes);
      } catch (error) {
        throw error instanceof ConnectError ? UnreadableMessageError.mark(error) : error;
      }
    },
    encodeBinary: rememberLast((message) => Buffer.from(encodeFields(message), "latin1")),
    sealBinary: rememberLast((message) => sealLatin1(0, encodeFields(message))),
    encodeJson: rememberLast(createJsonPrinter(method.output, jsonOptions)),
  };
}

/** Most callers ask for the same, and decoding JSON is a tenth of what a call costs. */
function rememberLastBytes(decode: (bytes: Uint8Array) => Message) {
  let last: { readonly bytes: Uint8Array; readonly message: Message } | undefined;
  return (bytes: Uint8Array): Message => {
    if (last === undefined || Buffer.compare(last.bytes, bytes) !== 0) {
      // Frozen, so that a change is a mistake that shows and no other caller's request.
      last = { bytes, message: Object.freeze(decode(bytes)) };
    }
    return last.message;
  };
}
