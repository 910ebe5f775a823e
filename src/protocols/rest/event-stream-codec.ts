import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type {
  OpenCodec,
  RequestHead,
  ResponseMetadata,
  StreamCodec,
  StreamEnd,
} from "../../call/codec.js";
import { rememberLast } from "../../call/remember-last.js";
import type { HttpAnswer, HttpHeaders } from "../../http/http-message.js";
import { toProblemDetails } from "./error-problem.js";
import type { GetBinding } from "./http-binding.js";
import { createProblemAnswer } from "./problem-answer.js";
import { createRestMethod, type RestMethod } from "./rest-method.js";

/** When clients come back after the stream has ended: not all at once. */
const minRetryMs = 1000;
const maxRetryMs = 5000;

/**
 * A server-streaming method as server-sent events over GET
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html), at the path that its
 * `google.api.http` annotation gives: an event for each message, its data the JSON that a unary
 * method would answer with. An error before the first message is answered with problem details; a
 * later one is an event `error` with these, and the end.
 */
export function createEventStreamCodec(
  method: DescMethod,
  binding: GetBinding,
): OpenCodec<StreamCodec> {
  const restMethod = createRestMethod(method, binding);
  // A change sends the same message to thousands of watches.
  const printEvent = rememberLast(
    (message: Message) => `data: ${restMethod.printResponse(message)}\n\n`,
  );
  return (head) => new EventStreamCodec(head, restMethod, printEvent);
}

class EventStreamCodec implements StreamCodec {
  readonly protocol = "rest";
  readonly problem = undefined;
  readonly timeoutMs = undefined;
  readonly readMaxBytes = 0;
  readonly maxBodyBytes = 0;
  readonly keepAlive = ": keep-alive\n\n";
  readonly hasTrailers = false;
  readonly #head: RequestHead;
  readonly #method: RestMethod;
  readonly #printEvent: (message: Message) => string;
  #isFirst = true;

  constructor(head: RequestHead, method: RestMethod, printEvent: (message: Message) => string) {
    this.#head = head;
    this.#method = method;
    this.#printEvent = printEvent;
  }

  decode(): Message {
    return this.#method.readRequest(this.#head);
  }

  decodeAll(): AsyncIterable<Message> {
    throw new ConnectError("a GET carries one message", Code.Unimplemented);
  }

  begin(metadata: ResponseMetadata): HttpHeaders {
    const headers: HttpHeaders = { "content-type": "text/event-stream" };
    metadata.addResponseHeaders(headers);
    return headers;
  }

  encode(message: Message): string {
    const event = this.#printEvent(message);
    if (!this.#isFirst) {
      return event;
    }
    this.#isFirst = false;
    const retryMs = Math.round(minRetryMs + Math.random() * (maxRetryMs - minRetryMs));
    return `retry: ${retryMs}\n\n${event}`;
  }

  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer {
    return createProblemAnswer(this.#head, error, metadata);
  }

  end(_: ResponseMetadata, error: ConnectError | undefined): StreamEnd {
    return error === undefined
      ? {}
      : { chunk: `event: error\ndata: ${JSON.stringify(toProblemDetails(error))}\n\n` };
  }
}
