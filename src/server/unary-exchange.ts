import type { HttpAnswer, HttpRequest, UnaryHandler } from "../rpc/unary/http-message.js";
import { rethrow } from "./guard.js";
import type { Reply } from "./reply.js";
import { noBytes, readBody } from "./request-body.js";

/** Reads the request whole, has it handled, and writes the answer whole. */
export function answerUnary(
  reply: Reply,
  handler: UnaryHandler,
  path: string,
  query: string,
): void {
  const { exchange } = reply;

  const send = exchange.guard((answer: HttpAnswer) => reply.send(answer));
  const fail = exchange.guard(rethrow);

  function handle(body: HttpRequest["body"]): void {
    handler
      .handle({
        method: exchange.method,
        arrivedAtMs: exchange.arrivedAtMs,
        path,
        query,
        headers: exchange.headers,
        body,
        contextValues: reply.createContextValues(),
        client: exchange,
      })
      .then(send, fail);
  }

  // On arrival, only a request without a body is complete.
  if (handler.maxBodyBytes === 0 || exchange.isComplete()) {
    handle(noBytes);
  } else {
    readBody(exchange, handler.maxBodyBytes, handler.findTimeoutMs(exchange.headers), handle, () =>
      reply.abandon(),
    );
  }
}
