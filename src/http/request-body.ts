import type { Readable } from "node:stream";
import type { HttpExchange } from "./http-exchange.js";

export const noBytes = new Uint8Array(0);

/** How the client sends a body that cannot be read to its end. */
export type BodyFault = "malformed" | "late";

/** Why a body was not read to its end: it is too large, its client went away, or a {@link BodyFault}. */
export type UnreadBody = "too_large" | "gone" | BodyFault;

class BodyFaultError extends Error {
  /** As the errors of Node's streams have. */
  readonly code = "ERR_BODY_FAULT";

  constructor(readonly fault: BodyFault) {
    super(`the body is ${fault}`);
  }
}

const faults = new WeakMap<Readable, BodyFault>();

/**
 * Has the call that reads a body by {@link readBody}, now or later, answer that it cannot. One that
 * iterates over it ends without an answer.
 */
export function reportBodyFault(body: Readable, fault: BodyFault): void {
  faults.set(body, fault);
  if (body.listenerCount("error") > 0) {
    body.emit("error", new BodyFaultError(fault));
  }
}

/** What has been reported of a body. */
export function findBodyFault(body: Readable): BodyFault | undefined {
  return faults.get(body);
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
  const fault = findBodyFault(body);
  if (fault !== undefined) {
    done(fault);
    return;
  }
  exchange.acceptBody();
  let first: Uint8Array = noBytes;
  let others: Uint8Array[] | undefined;
  let size = 0;
  const settle = (outcome: Uint8Array | UnreadBody) => {
    body.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError);
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
  // That a client has gone away shows in the close.
  const onError = exchange.guard((error: Error) => {
    if (error instanceof BodyFaultError) {
      settle(error.fault);
    }
  });
  body.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError);
}
