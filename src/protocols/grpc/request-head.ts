import { Code } from "@connectrpc/connect";
import { headerAcceptEncoding, parseTimeout } from "@connectrpc/connect/protocol-grpc";
import type { RequestHead } from "../../call/codec.js";
import { readMediaType } from "../../http/media-type.js";
import type { CodecOptions } from "../codec-options.js";
import { negotiateCompression } from "../content-coding.js";
import type { EnvelopedHead } from "../enveloped-codec.js";
import { EnvelopedMessages } from "../enveloped-messages.js";
import type { MessageCodec } from "../message-codec.js";
import { readTimeout } from "../timeout.js";

/** Reads the headers of a request over gRPC or gRPC-Web. */
export function readGrpcRequestHead(
  { headers }: RequestHead,
  codec: MessageCodec,
  { acceptCompression }: CodecOptions,
): EnvelopedHead {
  const binary = !readMediaType(headers).endsWith("+json");
  const compression = negotiateCompression(
    acceptCompression,
    headers.find("grpc-encoding"),
    headers.find("grpc-accept-encoding"),
    headerAcceptEncoding,
  );
  const { timeoutMs, error } = readTimeout(headers.find("grpc-timeout"), parseTimeout);
  return {
    binary,
    // https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
    messages: new EnvelopedMessages(codec, binary, compression, Code.Internal),
    timeoutMs,
    problem: compression.error ?? error,
  };
}
