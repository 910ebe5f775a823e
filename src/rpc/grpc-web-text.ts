import { Code } from "@connectrpc/connect";
import { UnreadableMessageError } from "./error-fault.js";
import { refuseOverGrpcWeb } from "./refusal.js";
import type { HttpAnswer, UnaryHandler } from "./unary/http-message.js";

/** The text mode of gRPC-Web (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md). */
export const webTextType = "application/grpc-web-text+proto";

export function isWebText(mediaType: string): boolean {
  return mediaType.startsWith("application/grpc-web-text");
}

/** A unary method over gRPC-Web in the text mode. */
export function createWebTextHandler(handler: UnaryHandler): UnaryHandler {
  return {
    ...handler,
    // Each part may be padded by itself.
    maxBodyBytes: 2 * handler.maxBodyBytes,
    refuse: refuseOverGrpcWebText,
    async handle(request, body) {
      let bytes = body;
      if (typeof body !== "string") {
        try {
          bytes = decodeWebText(Buffer.from(body).toString("latin1"));
        } catch (error) {
          return refuseOverGrpcWebText(error, request);
        }
      }
      return toWebText(await handler.handle(request, bytes));
    },
  };
}

export const refuseOverGrpcWebText: UnaryHandler["refuse"] = (error, request) =>
  toWebText(refuseOverGrpcWeb(error, request));

function toWebText({ headers, body, ...answer }: HttpAnswer): HttpAnswer {
  return {
    ...answer,
    headers: { ...headers, "content-type": webTextType },
    body: encodeWebText(typeof body === "string" ? Buffer.from(body) : body),
  };
}

/** Padded by itself: others may follow. */
export function encodeWebText(bytes: Uint8Array): Uint8Array {
  return Buffer.from(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
  );
}

/**
 * @param text parts of base64, each padded or not, with all of their characters
 * @throws UnreadableMessageError when it is something else
 */
function decodeWebText(text: string): Uint8Array {
  if (text.length % 4 !== 0 || !/^(?:[\w+/-]{4}|[\w+/-]{3}=|[\w+/-]{2}==)*$/.test(text)) {
    throw new UnreadableMessageError("the body is not base64", Code.InvalidArgument);
  }
  return Buffer.concat(text.split(/(?<==)(?!=)/).map((part) => Buffer.from(part, "base64")));
}

/** Decodes a body whose base64 may be cut anywhere. */
export async function* decodeWebTextStream(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let rest = "";
  for await (const chunk of chunks) {
    const text = rest + Buffer.from(chunk).toString("latin1");
    const end = text.length - (text.length % 4);
    rest = text.slice(end);
    yield decodeWebText(text.slice(0, end));
  }
  yield decodeWebText(rest);
}
