import { create, type Message } from "@bufbuild/protobuf";
import type { Interceptor, MethodImplSpec, UnaryResponse } from "@connectrpc/connect";
import { callRecordKey, nameTarget } from "../call-record.js";
import { UnaryCall } from "./unary-call.js";

export type UnarySpec = MethodImplSpec & { kind: "unary" };

/**
 * Runs a call through the interceptors to the implementation, and notes the RPC on record.
 * @throws ConnectError when the call is over before it began
 */
export type InvokeUnary = (call: UnaryCall) => ReturnType<ReturnType<Interceptor>>;

/**
 * Joins an implementation with the interceptors, outermost first; once, as Connect would do it anew
 * for each call. Interceptors hand on the request and the response that they are given: copies of
 * these objects would make all that is lazy about them.
 */
export function composeUnary(spec: UnarySpec, interceptors: readonly Interceptor[]): InvokeUnary {
  const { method } = spec;
  const implementation: ReturnType<Interceptor> = async (request) => {
    if (!(request instanceof UnaryCall)) {
      throw new Error("an interceptor replaced the request");
    }
    const output = spec.impl(request.message, request);
    return new LazyUnaryResponse(
      request,
      // To wait for what is there already takes another turn of the microtasks.
      create(method.output, output instanceof Promise ? await output : output),
    );
  };
  const invoke = interceptors.reduceRight((next, interceptor) => interceptor(next), implementation);
  const target = nameTarget(method);
  return (call) => {
    call.contextValues.get(callRecordKey).target = target;
    const end = call.findEnd();
    if (end !== undefined) {
      throw end;
    }
    return invoke(call);
  };
}

/** The message of what {@link composeUnary} made has answered: the call went well, and its record says so. */
export function takeMessage(response: Awaited<ReturnType<InvokeUnary>>): Message {
  if (!(response instanceof LazyUnaryResponse)) {
    throw new Error("an interceptor replaced the response");
  }
  response.call.contextValues.get(callRecordKey).code = "ok";
  return response.message;
}

class LazyUnaryResponse implements UnaryResponse {
  readonly stream = false;
  readonly message: Message;
  readonly call: UnaryCall;

  constructor(call: UnaryCall, message: Message) {
    this.call = call;
    this.message = message;
  }

  get method(): UnaryCall["method"] {
    return this.call.method;
  }

  get service(): UnaryCall["service"] {
    return this.call.service;
  }

  get header(): Headers {
    return this.call.responseHeader;
  }

  get trailer(): Headers {
    return this.call.responseTrailer;
  }
}
