import type { Readable } from "node:stream";
import type { HttpExchange } from "./http-exchange.js";

export const noBytes = new Uint8Array(0);

/** Why a body was not read to its end: it is too large, or its client went away. */
export type UnreadBody = "too_large" | "gone";

/**
 * The body of an HTTP/2 request, if all of it is here already, as it is where a call has waited for its
 * turn: that takes no listeners. Undefined otherwise; the body is to be read then. Over HTTP/1.1 it
 * would cost more, as Node reads such a body once more after the response.
 */
export function takeBody(
  exchange: HttpExchange,
  maxBytes: number,
): Uint8Array | "too_large" | undefined {
  const { body, httpVersion } = exchange;
  // Node also ends the body of a client that gives its request up.
  if (httpVersion !== "2.0" || !hasArrived(body) || exchange.isGone()) {
    return undefined;
  }
  const bytes: Uint8Array | null = body.read();
  return bytes !== null && bytes.byteLength > maxBytes ? "too_large" : (bytes ?? noBytes);
}

/** Whether Node has seen the end of a body. For streams of HTTP/2, it has no public word for that. */
function hasArrived(body: Readable): boolean {
  const state: unknown = Reflect.get(body, "_readableState");
  return typeof state === "object" && state !== null && Reflect.get(state, "ended") === true;
}

/**
 * Reads a request's body to its end and calls `done`, once. Early where there is no use in reading on;
 * the rest is dropped then, so that the connection does not stall.
 */
export function readBody(
  exchange: HttpExchange,
  maxBytes: number,
  done: (outcome: Uint8Array | UnreadBody) => void,
): void {
  const { body } = exchange;
  exchange.acceptBody();
  let first: Uint8Array = noBytes;
  let others: Uint8Array[] | undefined;
  let size = 0;
  const settle = (outcome: Uint8Array | UnreadBody) => {
    body.off("data", onData).off("end", onEnd).off("close", onEnd);
    done(outcome);
  };
  const onData = exchange.guard((chunk: Uint8Array) => {
    const isFirst = size === 0;
    size += chunk.byteLength;
    if (size > maxBytes) {
      settle("too_large");
    } else if (isFirst) {
      first = chunk;
    } else {
      others ??= [first];
      others.push(chunk);
    }
  });
  // Node ends the body of a request that its client gives up as well, in some versions of HTTP; in
  // others the body closes without an end.
  const onEnd = exchange.guard(() => {
    if (!body.readableEnded || exchange.isGone()) {
      settle("gone");
    } else {
      settle(others === undefined ? first : Buffer.concat(others, size));
    }
  });
  body.on("data", onData).on("end", onEnd).on("close", onEnd);
}
