import {
  assertByteStreamRequest,
  type UniversalHandlerFn,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import * as grpc from "@connectrpc/connect/protocol-grpc";
import * as grpcWeb from "@connectrpc/connect/protocol-grpc-web";
import { rewriteGrpcMessage, takeAcceptedEncodings } from "./grpc-status.js";
import { decodeWebTextStream, encodeWebText, isWebText, webTextType } from "./grpc-web-text.js";
import { writeGrpcWebTrailers } from "./refusal.js";
import { sealEnvelopes } from "./unary/envelope.js";
import { addHeaders, type HttpHeaders } from "./unary/http-message.js";

/** A gRPC stream by Connect's handler, whose status is written as gRPC's specification says. */
export function createGrpcStreamHandler(handle: UniversalHandlerFn): UniversalHandlerFn {
  return async (request) => {
    const response = await handle(request);
    const { header, trailer, body } = response;
    if (trailer === undefined || body === undefined) {
      return response;
    }
    const accepted = takeAcceptedEncodings(trailer);
    if (accepted !== undefined) {
      header?.set(grpc.headerAcceptEncoding, accepted);
    }
    return { ...response, body: endWith(body, () => rewriteGrpcMessage(trailer)) };
  };
}

/**
 * The same as gRPC-Web (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md): the trailers go
 * into the body, and in the text mode, body and answer are base64.
 */
export function createGrpcWebStreamHandler(handleGrpc: UniversalHandlerFn): UniversalHandlerFn {
  return async (request) => {
    assertByteStreamRequest(request);
    const header = new Headers(request.header);
    const isText = isWebText(header.get("content-type") ?? "");
    const isJson = header.get("content-type")?.endsWith("+json") === true;
    header.set("content-type", isJson ? grpc.contentTypeJson : grpc.contentTypeProto);
    const body = isText ? decodeWebTextStream(request.body) : request.body;
    const response = await handleGrpc({ ...request, header, body });
    const binaryType = isJson ? grpcWeb.contentTypeJson : grpcWeb.contentTypeProto;
    response.header?.set("content-type", isText ? webTextType : binaryType);
    return {
      status: response.status,
      ...(response.header && { header: response.header }),
      body: writeWebBody(response, isText),
    };
  };
}

async function* writeWebBody(
  { body, trailer }: UniversalServerResponse,
  isText: boolean,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body ?? []) {
    yield isText ? encodeWebText(chunk) : chunk;
  }
  const trailers: HttpHeaders = {};
  addHeaders(trailers, trailer ?? new Headers());
  const end = sealEnvelopes([writeGrpcWebTrailers(trailers)]);
  yield isText ? encodeWebText(end) : end;
}

async function* endWith<T>(values: AsyncIterable<T>, end: () => void): AsyncGenerator<T> {
  yield* values;
  end();
}
