import { Code, ConnectError } from "@connectrpc/connect";
import type { StreamPlaces } from "../limits/stream-places.js";
import type { Stage } from "./pipeline.js";

/** Limits of a service's calls, which anybody can make. */
export interface PublicCallLimit {
  readonly streams: StreamPlaces;
  /** For unary calls whose request has not arrived completely. */
  readonly unfinished: StreamPlaces;
  /**
   * From a stream's start, in milliseconds. Undefined if a stream may stay as long as its client.
   */
  readonly maxStreamAgeMs?: number;
}

/**
 * Admits a call without a token only if there is a place for it, which it keeps until the request ends.
 * Runs before the request is read, so that requests that never arrive count as well. Throws ConnectError
 * ResourceExhausted.
 */
export function createPublicCallStage({
  streams,
  unfinished,
  maxStreamAgeMs,
}: PublicCallLimit): Stage {
  return (call) => {
    const { record, reply, exchange } = call;
    if (!reply.isStream && exchange.isComplete()) {
      return undefined;
    }
    const leave = (reply.isStream ? streams : unfinished).take(exchange.connection);
    if (leave === undefined) {
      record.cause = reply.isStream ? "too_many_streams" : "too_many_unfinished_calls";
      throw new ConnectError(
        "too many calls of this service are open, on this connection or in all",
        Code.ResourceExhausted,
      );
    }
    if (!reply.isStream || maxStreamAgeMs === undefined) {
      record.onEnd = leave;
      return undefined;
    }
    const onTooOld = exchange.guard(() => {
      const text = `the stream is older than ${maxStreamAgeMs / 1000} s`;
      call.abort(new ConnectError(text, Code.ResourceExhausted));
    });
    const timer = setTimeout(onTooOld, maxStreamAgeMs);
    record.onEnd = () => {
      clearTimeout(timer);
      leave();
    };
    return undefined;
  };
}
