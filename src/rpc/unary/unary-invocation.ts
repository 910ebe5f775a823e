import { create, type Message } from "@bufbuild/protobuf";
import type { Interceptor, MethodImplSpec, UnaryResponse } from "@connectrpc/connect";
import { UnaryCall } from "./unary-call.js";

export type UnarySpec = MethodImplSpec & { kind: "unary" };

/** Runs a call through the interceptors to the implementation. */
export type InvokeUnary = ReturnType<Interceptor>;

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
  return interceptors.reduceRight((next, interceptor) => interceptor(next), implementation);
}

/** The message of what {@link composeUnary} made has answered. */
export function takeMessage(response: Awaited<ReturnType<InvokeUnary>>): Message {
  if (!(response instanceof LazyUnaryResponse)) {
    throw new Error("an interceptor replaced the response");
  }
  return response.message;
}

class LazyUnaryResponse implements UnaryResponse {
  readonly stream = false;
  readonly message: Message;
  readonly #call: UnaryCall;

  constructor(call: UnaryCall, message: Message) {
    this.#call = call;
    this.message = message;
  }

  get method(): UnaryCall["method"] {
    return this.#call.method;
  }

  get service(): UnaryCall["service"] {
    return this.#call.service;
  }

  get header(): Headers {
    return this.#call.responseHeader;
  }

  get trailer(): Headers {
    return this.#call.responseTrailer;
  }
}
