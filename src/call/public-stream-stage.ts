import { Code, ConnectError } from "@connectrpc/connect";
import type { StreamPlaces } from "../limits/stream-places.js";
import type { Stage } from "./pipeline.js";

/** What the streams of a service may take, as anybody can open them. */
export interface PublicStreamLimit {
  readonly places: StreamPlaces;
  /**
   * From the stream's start, in milliseconds. Undefined where a stream may stay for as long as its
   * client does.
   */
  readonly maxAgeMs?: number;
}

/**
 * Lets a stream that needs no token through only while there is a place for it, which it keeps until
 * the request ends. Runs before the request is read: one that never arrives counts as well. Throws
 * ConnectError ResourceExhausted.
 */
export function createPublicStreamStage({ places, maxAgeMs }: PublicStreamLimit): Stage {
  return (call) => {
    const { record, reply, exchange } = call;
    if (!reply.isStream) {
      return undefined;
    }
    const leave = places.take(exchange.connection);
    if (leave === undefined) {
      record.cause = "too_many_streams";
      throw new ConnectError(
        "too many streams of this service are open, on this connection or in all",
        Code.ResourceExhausted,
      );
    }
    if (maxAgeMs === undefined) {
      record.onEnd = leave;
      return undefined;
    }
    const onTooOld = exchange.guard(() => {
      const text = `the stream is older than ${maxAgeMs / 1000} s`;
      call.abort(new ConnectError(text, Code.ResourceExhausted));
    });
    const timer = setTimeout(onTooOld, maxAgeMs);
    record.onEnd = () => {
      clearTimeout(timer);
      leave();
    };
    return undefined;
  };
}
