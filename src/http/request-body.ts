import type { HttpExchange } from "./http-exchange.js";

export const noBytes = new Uint8Array(0);

/** Why a body was not read to its end: it is too large, or its client went away. */
export type UnreadBody = "too_large" | "gone";

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
