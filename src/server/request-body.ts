import type { UnreadBody } from "../rpc/unary/http-message.js";
import type { HttpExchange } from "./http-exchange.js";

export const noBytes = new Uint8Array(0);

/**
 * Reads a request's body to its end and then calls `done`, once: with its bytes; or with the reason
 * as soon as there is one not to read on. Calls `onGone` instead when the client goes away before.
 *
 * @param timeoutMs from the request's arrival
 */
export function readBody(
  exchange: HttpExchange,
  maxBytes: number,
  timeoutMs: number | undefined,
  done: (bytes: Uint8Array | UnreadBody) => void,
  onGone: () => void,
): void {
  const { body } = exchange;
  exchange.acceptBody();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let settled = false;
  let timer: NodeJS.Timeout | undefined;
  const settle = (outcome: Uint8Array | UnreadBody) => {
    settled = true;
    clearTimeout(timer);
    done(outcome);
  };
  if (timeoutMs !== undefined) {
    const leftMs = timeoutMs - (performance.now() - exchange.arrivedAtMs);
    timer = setTimeout(
      exchange.guard(() => settle("too_late")),
      leftMs,
    );
  }
  const onData = exchange.guard((chunk: Uint8Array) => {
    if (settled) {
      return; // What comes after all is dropped, so that the connection does not stall.
    }
    size += chunk.byteLength;
    if (size > maxBytes) {
      settle("too_large");
    } else {
      chunks.push(chunk);
    }
  });
  const onEnd = exchange.guard(() => {
    if (!settled && !exchange.isGone()) {
      const [first = noBytes] = chunks;
      settle(chunks.length <= 1 ? first : Buffer.concat(chunks, size));
    }
  });
  // Of a request that is not all there, Node tells the loss, whichever version of HTTP it came by.
  const onClose = exchange.guard(() => {
    if (!settled) {
      settled = true;
      clearTimeout(timer);
      onGone();
    }
  });
  body.on("data", onData).on("end", onEnd).on("close", onClose);
}
