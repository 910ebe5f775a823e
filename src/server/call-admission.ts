import type { ArrivedCall } from "../rpc/arrived-call.js";
import type { Route } from "../rpc/route.js";
import type { StreamHandler } from "../rpc/stream-handler.js";
import type { UnaryHandler } from "../rpc/unary/http-message.js";
import { rethrow } from "./guard.js";
import type { Reply } from "./reply.js";
import { answerStream } from "./stream-exchange.js";
import { answerUnary } from "./unary-exchange.js";

/**
 * Serves a call whose headers and query allow it, and refuses any other in the form of its protocol:
 * nothing of its body has been read.
 */
export function admitCall(
  reply: Reply,
  { admit }: Route,
  handler: UnaryHandler | StreamHandler,
  call: ArrivedCall,
): void {
  let waiting: Promise<void> | undefined;
  try {
    waiting = admit?.(call);
  } catch (error) {
    refuse(reply, handler, call, error);
    return;
  }
  if (waiting === undefined) {
    serve(reply, handler, call);
  } else {
    waiting
      .finally(() => call.life.end())
      .then(
        () => {
          keepDeadline(handler, call);
          serve(reply, handler, call);
        },
        (error) => refuse(reply, handler, call, error),
      )
      .catch(reply.exchange.guard(rethrow));
  }
}

function serve(reply: Reply, handler: UnaryHandler | StreamHandler, call: ArrivedCall): void {
  if (handler.isStream) {
    answerStream(reply, handler.handle, call.contextValues).catch(reply.exchange.guard(rethrow));
  } else {
    answerUnary(reply, handler, call);
  }
}

function refuse(
  reply: Reply,
  handler: UnaryHandler | StreamHandler,
  call: ArrivedCall,
  error: unknown,
): void {
  reply.send(handler.refuse(error, call));
}

/** The handlers of streams count their timeout from when they are called. */
function keepDeadline(handler: UnaryHandler | StreamHandler, { life, headers }: ArrivedCall): void {
  const leftMs = life.timeoutMs();
  if (handler.isStream && leftMs !== undefined) {
    handler.setTimeoutMs(headers, Math.max(0, leftMs));
  }
}
