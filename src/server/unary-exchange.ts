import type { HttpAnswer, HttpRequest, UnaryHandler } from "../rpc/unary/http-message.js";
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

  function send(answer: HttpAnswer): void {
    try {
      reply.send(answer);
    } catch (error) {
      reply.fail(error);
    }
  }

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
      .then(send, (error) => reply.fail(error));
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
