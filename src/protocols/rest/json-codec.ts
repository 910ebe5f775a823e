import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { OpenCodec, RequestHead, ResponseMetadata, UnaryCodec } from "../../call/codec.js";
import type { HttpAnswer, HttpHeaders } from "../../http/http-message.js";
import type { GetBinding } from "./http-binding.js";
import { createProblemAnswer } from "./problem-answer.js";
import { readRequestMessage } from "./request-message.js";
import { createBodyPrinter } from "./response-body.js";

/**
 * A method as plain JSON over GET, at the path that its `google.api.http` annotation gives. Errors
 * are problem details (RFC 9457).
 */
export function createRestCodec(method: DescMethod, binding: GetBinding): OpenCodec<UnaryCodec> {
  const print = createBodyPrinter(method.output, binding);
  return (head) => new RestCodec(head, method, binding, print);
}

class RestCodec implements UnaryCodec {
  readonly protocol = "rest";
  readonly problem = undefined;
  readonly timeoutMs = undefined;
  readonly readMaxBytes = 0;
  readonly maxBodyBytes = 0;
  readonly #head: RequestHead;
  readonly #method: DescMethod;
  readonly #binding: GetBinding;
  readonly #print: (message: Message) => string;

  constructor(
    head: RequestHead,
    method: DescMethod,
    binding: GetBinding,
    print: (message: Message) => string,
  ) {
    this.#head = head;
    this.#method = method;
    this.#binding = binding;
    this.#print = print;
  }

  decode(): Message {
    const { path, query } = this.#head;
    const { template } = this.#binding;
    return readRequestMessage(this.#method.input, template.match(path) ?? new Map(), query);
  }

  respond(message: Message, metadata: ResponseMetadata): HttpAnswer {
    const headers: HttpHeaders = { "content-type": "application/json" };
    metadata.addResponseHeaders(headers);
    return { status: 200, headers, body: this.#print(message) };
  }

  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer {
    return createProblemAnswer(error, metadata);
  }
}
