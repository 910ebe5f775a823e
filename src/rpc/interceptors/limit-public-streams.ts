import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { StreamPlaces } from "../../limits/stream-places.js";
import { boundRequests, type RequestBounds } from "../bounded-requests.js";
import { callRecordKey } from "../call-record.js";

/** What the streams of a service may take, as anybody can open them. */
export interface PublicStreamLimit {
  readonly places: StreamPlaces;
  /** Undefined where a stream may stay for as long as its client does. */
  readonly bounds?: RequestBounds;
}

/**
 * Lets a stream that needs no token through only while there is a place for it, which it keeps until
 * the request ends. Runs before the request is read: one that never arrives counts as well.
 *
 * @param limits by the full name of the service
 */
export function createLimitPublicStreams(
  limits: ReadonlyMap<string, PublicStreamLimit>,
): Interceptor {
  return (next) => (request) => {
    const limit = limits.get(request.service.typeName);
    if (limit === undefined || !request.stream) {
      return next(request);
    }
    const record = request.contextValues.get(callRecordKey);
    const leave = limit.places.take(record.connection ?? record);
    if (leave === undefined) {
      record.cause = "too_many_streams";
      throw new ConnectError(
        "too many streams of this service are open, on this connection or in all",
        Code.ResourceExhausted,
      );
    }
    record.onEnd = leave;
    const { message, signal } = request;
    return next(
      limit.bounds === undefined
        ? request
        : { ...request, message: boundRequests(message, limit.bounds, signal) },
    );
  };
}
