import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { OpenCodec, RequestHead, ResponseMetadata, UnaryCodec } from "../../call/codec.js";
import type { HttpAnswer, HttpHeaders } from "../../http/http-message.js";
import type { GetBinding } from "./http-binding.js";
import { createProblemAnswer } from "./problem-answer.js";
import { createRestMethod, type RestMethod } from "./rest-method.js";

/**
 * A method as plain JSON over GET, at the path that its `google.api.http` annotation gives. Errors
 * are problem details (RFC 9457).
 */
export function createRestCodec(method: DescMethod, binding: GetBinding): OpenCodec<UnaryCodec> {
  const restMethod = createRestMethod(method, binding);
  return (head) => new RestCodec(head, restMethod);
}

class RestCodec implements UnaryCodec {
  readonly protocol = "rest";
  readonly problem = undefined;
  readonly timeoutMs = undefined;
  readonly readMaxBytes = 0;
  readonly maxBodyBytes = 0;
  readonly #head: RequestHead;
  readonly #method: RestMethod;

  constructor(head: RequestHead, method: RestMethod) {
    this.#head = head;
    this.#method = method;
  }

  decode(): Message {
    return this.#method.readRequest(this.#head);
  }

  respond(message: Message, metadata: ResponseMetadata): HttpAnswer {
    const headers: HttpHeaders = { "content-type": "application/json" };
    metadata.addResponseHeaders(headers);
    return { status: 200, headers, body: this.#method.printResponse(message) };
  }

  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer {
    return createProblemAnswer(this.#head, error, metadata);
  }
}
