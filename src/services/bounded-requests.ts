import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Passes the request messages of a stream on, until it has had its share.
 * @throws ConnectError ResourceExhausted at one request too many
 */
export async function* boundRequests<T>(
  requests: AsyncIterable<T>,
  maxRequests: number,
): AsyncGenerator<T, void, undefined> {
  let count = 0;
  for await (const request of requests) {
    count += 1;
    if (count > maxRequests) {
      throw new ConnectError(
        `the stream has more than ${maxRequests} requests`,
        Code.ResourceExhausted,
      );
    }
    yield request;
  }
}
