import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { MessageCodec } from "../message-codec.js";

/**
 * Decodes a message as Connect reports errors: bytes that are no message are an internal error in
 * gRPC, and the library says so for all protocols.
 * @throws ConnectError InvalidArgument, or ResourceExhausted when the bytes are too many
 */
export function decodeAsArgument(
  messages: MessageCodec,
  bytes: Uint8Array,
  binary: boolean,
): Message {
  try {
    return messages.decode(bytes, binary);
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    throw code === Code.Internal ? new ConnectError(rawMessage, Code.InvalidArgument) : error;
  }
}
