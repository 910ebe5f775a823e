import type { ArrivedCall } from "../rpc/arrived-call.js";
import type { HttpAnswer, RequestBody, UnaryHandler } from "../rpc/unary/http-message.js";
import { rethrow } from "./guard.js";
import type { Reply } from "./reply.js";
import { noBytes, readBody } from "./request-body.js";

/** Reads the request whole, has it handled, and writes the answer whole. */
export function answerUnary(reply: Reply, handler: UnaryHandler, call: ArrivedCall): void {
  const { exchange } = reply;

  const send = exchange.guard((answer: HttpAnswer) => reply.send(answer));
  const fail = exchange.guard(rethrow);

  function handle(body: RequestBody): void {
    handler.handle(call, body).then(send, fail);
  }

  // Of an empty body Node tells the end while the call still waits to be let on.
  if (handler.maxBodyBytes === 0 || !exchange.hasBody || exchange.body.readableEnded) {
    handle(noBytes);
  } else {
    readBody(exchange, handler.maxBodyBytes, handler.findTimeoutMs(exchange.headers), handle, () =>
      reply.abandon(),
    );
  }
}
