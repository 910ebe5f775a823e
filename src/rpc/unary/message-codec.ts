import { type DescMethodUnary, type Message, toJsonString } from "@bufbuild/protobuf";
import { createMethodSerializationLookup } from "@connectrpc/connect/protocol";
import { rememberLast } from "../remember-last.js";

/** The largest response that protobuf and gRPC can carry. */
const writeMaxBytes = 0xffffffff;

/** A method's messages in protobuf and JSON. An answer that is the same object is encoded once. */
export interface MessageCodec {
  /** @throws ConnectError when the bytes are too many, or no such message */
  decode(bytes: Uint8Array, binary: boolean): Message;
  encodeBinary(message: Message): Uint8Array;
  encodeJson(message: Message): string;
}

/** @param readMaxBytes the largest request message */
export function createMessageCodec(method: DescMethodUnary, readMaxBytes: number): MessageCodec {
  const limits = { readMaxBytes, writeMaxBytes };
  const serialization = createMethodSerializationLookup(method, undefined, undefined, limits);
  return {
    decode: (bytes, binary) => serialization.getI(binary).parse(bytes),
    encodeBinary: rememberLast(serialization.getO(true).serialize),
    encodeJson: rememberLast((message: Message) => toJsonString(method.output, message)),
  };
}
