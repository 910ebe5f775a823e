import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { endNothing, type Guard } from "../http/guard.js";
import { Http1Exchange } from "./http1-exchange.js";
import type { Lingering } from "./lingering.js";
import { SentAhead } from "./sent-ahead.js";
import type { Turns } from "./turns.js";

/**
 * Makes exchanges of what Node's HTTP/1.1 server has parsed. One request of a connection at a time: the
 * next one when the answer before has left the process.
 *
 * @param waitsToSend whether the client waits to be asked for the body
 */
export function createRequestTaker(
  waitsToSend: boolean,
  guard: Guard,
  turns: Turns,
  lingering: Lingering,
): RequestListener {
  const onResponseError = guard.wrap(ignoreError, endNothing);

  function begin(request: IncomingMessage, response: ServerResponse): void {
    // Else the connection has ended, or ends with an answer that went out before.
    if (request.socket.writable) {
      turns.begin(new Http1Exchange(guard, lingering, request, response, waitsToSend));
    }
  }

  function beginNext(request: IncomingMessage, response: ServerResponse): void {
    begin(request, response);
    SentAhead.of(request.socket).parseOn();
  }

  return (request, response) => {
    response.on("error", onResponseError);
    if (response.socket !== null) {
      begin(request, response);
    } else {
      // Sent ahead. Node gives the response its socket when the one before is out.
      const cut = () => request.socket.destroy();
      const onTurn = guard.wrap(() => beginNext(request, response), cut);
      response.once("socket", onTurn);
    }
  };
}

/** A client that does not wait for its answer is no error of ours. */
function ignoreError(): void {}
