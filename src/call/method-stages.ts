import { create, type Message } from "@bufbuild/protobuf";
import { Code, type MethodImplSpec } from "@connectrpc/connect";
import {
  type BodyFault,
  findBodyFault,
  noBytes,
  readBody,
  type UnreadBody,
} from "../http/request-body.js";
import type { Call } from "./call.js";
import { clientGone } from "./call-end.js";
import type { CallRecord } from "./call-record.js";
import type { Codec, StreamCodec, UnaryCodec } from "./codec.js";
import { UnreadableMessageError } from "./error-fault.js";
import { pumpMessages, sendStreamHead } from "./message-pump.js";
import type { MethodStages } from "./pipeline.js";

type Spec<Kind extends MethodImplSpec["kind"]> = MethodImplSpec & { readonly kind: Kind };
export type UnarySpec = Spec<"unary">;
export type StreamSpec = Exclude<MethodImplSpec, UnarySpec>;

/** The stages of a method with one response. */
export function createUnaryStages(spec: UnarySpec): MethodStages<UnaryCodec> {
  const { output } = spec.method;
  return {
    read: readRequest,
    invoke(call) {
      throwIfOver(call);
      const result = spec.impl(requireRequest(call), call);
      if (result instanceof Promise) {
        return result.then((late) => {
          call.response = create(output, late);
        });
      }
      call.response = create(output, result);
      return undefined;
    },
    respond,
  };
}

/** The stages of a method whose request or response is a stream, or both. */
export function createStreamStages(spec: StreamSpec): MethodStages<StreamCodec> {
  return {
    read: spec.kind === "server_streaming" ? readRequest : admit,
    invoke(call) {
      throwIfOver(call);
      if (call.head.method === "HEAD") {
        return undefined;
      }
      call.responses = open(spec, call);
      return undefined;
    },
    respond(call) {
      if (call.responses !== undefined) {
        return pumpMessages(call, call.responses);
      }
      sendStreamHead(call);
      return undefined;
    },
  };
}

type Responses = NonNullable<Call["responses"]>;

function open(spec: StreamSpec, call: Call<StreamCodec>): Responses {
  switch (spec.kind) {
    case "server_streaming":
      return spec.impl(requireRequest(call), call);
    case "client_streaming":
      return streamOne(spec.impl(readRequests(call), call));
    case "bidi_streaming":
      return spec.impl(readRequests(call), call);
  }
}

/** On the wire, the one response to a stream is a stream of one message. */
async function* streamOne<T>(response: Promise<T>): AsyncGenerator<T> {
  yield await response;
}

function readRequests({ codec, exchange, record }: Call<StreamCodec>): AsyncIterable<Message> {
  const fault = findBodyFault(exchange.body);
  if (fault !== undefined) {
    throw toReadError(fault, record);
  }
  exchange.acceptBody();
  // A body that is not read to its end must not end the connection before the answer is out.
  return codec.decodeAll(exchange.body.iterator({ destroyOnReturn: false }));
}

function admit(call: Call): undefined {
  call.isAdmitted = true;
  if (call.codec.problem !== undefined) {
    throw call.codec.problem;
  }
}

function readRequest(call: Call): Promise<void> | undefined {
  admit(call);
  const { codec, exchange } = call;
  // Node reports the end of an empty body while the call still waits to be let through.
  if (codec.maxBodyBytes === 0 || !exchange.hasBody || exchange.body.readableEnded) {
    return decode(call, noBytes);
  }
  const body = exchange.takeBody();
  if (body !== undefined) {
    return decode(call, body.byteLength > codec.maxBodyBytes ? "too_large" : body);
  }
  return new Promise((resolve, reject) => {
    if (codec.timeoutMs !== undefined) {
      call.onAbort(reject);
    }
    readBody(exchange, codec.maxBodyBytes, (late) => {
      try {
        resolve(decode(call, late));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** @throws ConnectError when the body was not read, or is no message */
function decode(call: Call, body: Uint8Array | UnreadBody): Promise<void> | undefined {
  if (body === "too_large") {
    const text = `the request is larger than ${call.codec.readMaxBytes} bytes`;
    throw new UnreadableMessageError(text, Code.ResourceExhausted);
  }
  if (body === "gone") {
    throw clientGone();
  }
  if (body === "malformed" || body === "late") {
    throw toReadError(body, call.record);
  }
  const decoded = call.codec.decode(body);
  if (decoded instanceof Promise) {
    return decoded.then((late) => {
      call.request = late;
    });
  }
  call.request = decoded;
  return undefined;
}

function toReadError(fault: BodyFault, record: CallRecord): UnreadableMessageError {
  if (fault === "malformed") {
    return new UnreadableMessageError("the request's body is malformed", Code.InvalidArgument);
  }
  record.cause = "request_too_slow";
  return new UnreadableMessageError("the request came too slowly", Code.DeadlineExceeded);
}

function respond(call: Call<UnaryCodec>): Promise<void> | undefined {
  const { codec, reply, record, response } = call;
  if (response === undefined) {
    throw new Error("a call was answered without a response");
  }
  const answer = codec.respond(response, call);
  record.code = "ok";
  if (answer instanceof Promise) {
    return answer.then((late) => reply.send(late));
  }
  reply.send(answer);
  return undefined;
}

/** Throws why nobody waits for the answer anymore, if that is so. */
function throwIfOver(call: Call<Codec>): void {
  const end = call.findEnd();
  if (end !== undefined) {
    throw end;
  }
}

function requireRequest({ request }: Call): Message {
  if (request === undefined) {
    throw new Error("a method was invoked before its request was read");
  }
  return request;
}
